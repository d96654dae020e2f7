//! Command lines as people type them.

/// A command line that a shell would read back as these arguments.
pub fn command_line(argv: &[Vec<u8>]) -> Vec<u8> {
    let mut line = Vec::new();
    for (index, arg) in argv.iter().enumerate() {
        if index > 0 {
            line.push(b' ');
        }
        quote_for_shell(arg, &mut line);
    }
    line
}

fn quote_for_shell(arg: &[u8], line: &mut Vec<u8>) {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./=:,+@%".contains(byte);
    if !arg.is_empty() && arg.iter().all(is_plain) {
        line.extend_from_slice(arg);
        return;
    }
    line.push(b'\'');
    for byte in arg {
        match byte {
            b'\'' => line.extend_from_slice(b"'\\''"),
            other => line.push(*other),
        }
    }
    line.push(b'\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_can_be_pasted() {
        let argv = ["cp", "a b", "it's", "", "/x-y"].map(|arg| arg.as_bytes().to_vec());
        assert_eq!(command_line(&argv), b"cp 'a b' 'it'\\''s' '' /x-y");
    }
}
