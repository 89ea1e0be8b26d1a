//! Commands, as bytes of the protocol (RESP 2).

/// Adds a command.
pub(crate) fn put_command(request: &mut Vec<u8>, words: &[&[u8]]) {
    request.push(b'*');
    put_count(request, words.len());
    for word in words {
        put_word(request, word);
    }
}

/// Adds a word of a command.
pub(crate) fn put_word(request: &mut Vec<u8>, word: &[u8]) {
    request.push(b'$');
    put_count(request, word.len());
    request.extend_from_slice(word);
    request.extend_from_slice(b"\r\n");
}

/// A number of few digits, and the end of a line.
fn put_count(request: &mut Vec<u8>, count: usize) {
    let mut power = 1;
    while count / power >= 10 {
        power *= 10;
    }
    while power > 0 {
        request.push(b'0' + (count / power % 10) as u8);
        power /= 10;
    }
    request.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_words_behind_their_lengths() {
        let mut request = Vec::new();
        put_command(&mut request, &[b"GET", &[b'k'; 12]]);
        put_command(&mut request, &[&b"PING"[..]; 100]);
        let ping = "$4\r\nPING\r\n".repeat(100);
        let wanted = format!("*2\r\n$3\r\nGET\r\n$12\r\nkkkkkkkkkkkk\r\n*100\r\n{ping}");
        assert_eq!(request, wanted.as_bytes());
    }
}
