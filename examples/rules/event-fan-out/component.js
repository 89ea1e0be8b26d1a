/** What the component is made of; there is nothing to change here. */

import * as index from "linkmend:rule/index@0.2.0";

import { component } from "./linkmend/index.js";
import Rule from "./rule.js";

export const { lifecycle, spans } = component(Rule, index);
