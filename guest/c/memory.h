/* Memory for a rule: what a call takes is given back as a whole. */
#ifndef MEMORY_H
#define MEMORY_H

/* The call is over: what it took is given back when the next one begins. Until
 * then the host reads the answer in it. */
void memory_release(void);

#endif
