use super::*;

fn calm() -> Arc<AtomicBool> {
    Arc::new(AtomicBool::new(false))
}

fn whole(source: &mut Source) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = source
        .read()
        .and_then(|mut reader| reader.read_to_end(&mut bytes));
    assert!(read.is_ok(), "{read:?}");
    bytes
}

/// More than one chunk.
fn content() -> Vec<u8> {
    (0..CHUNK * 3 + 17).map(|byte| (byte % 251) as u8).collect()
}

fn patient(content: Vec<u8>, interrupted: &Arc<AtomicBool>) -> Patient {
    Patient::new(interrupted, || Ok(Cursor::new(content)))
}

#[test]
fn a_spool_can_be_read_as_often_as_it_takes() {
    let source = Source::spool(&Input::Stdin, patient(content(), &calm()));
    let Ok(mut source) = source else {
        panic!("{source:?}");
    };
    assert_eq!(source.size, Some(content().len() as u64));
    assert!(whole(&mut source) == content());
    assert!(whole(&mut source) == content());
}

#[test]
fn what_is_not_spooled_is_read_once() {
    let mut source = Source::once(&Input::Stdin, patient(content(), &calm()));
    assert_eq!(source.size, None);
    assert!(whole(&mut source) == content());
    assert!(source.read().is_err());
}

#[test]
fn who_waits_is_woken_when_the_job_is_to_end() {
    let interrupted = calm();
    // Never answers, as a pipe nobody writes to.
    let mut waiting = Patient::new(&interrupted, || {
        thread::park();
        Ok(io::empty())
    });
    let flag = Arc::clone(&interrupted);
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        flag.store(true, Ordering::Relaxed);
    });
    assert!(waiting.read(&mut [0; 8]).is_err());
}

#[test]
fn what_goes_wrong_with_a_pipe_is_no_end_of_input() {
    let mut denied = Patient::new(&calm(), || {
        Err::<io::Empty, _>(io::ErrorKind::PermissionDenied.into())
    });
    let error = denied.read(&mut [0; 8]).map_err(|error| error.kind());
    assert_eq!(error, Err(io::ErrorKind::PermissionDenied));
}
