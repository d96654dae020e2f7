//! Control messages of sockets, cmsg(3).

/// The descriptors that control messages pass (`SCM_RIGHTS`, unix(7)), in order: the
/// numbers that the sender has for them, or those that the receiver got. `word` is the
/// size of a `size_t` of the program that made the call, in bytes.
pub fn passed_descriptors(mut control: &[u8], word: usize) -> Vec<i32> {
    const SOL_SOCKET: i32 = 1;
    const SCM_RIGHTS: i32 = 1;
    let head = word + 8;
    let int = |bytes: &[u8], at: usize| {
        let bytes = bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        bytes.map(i32::from_le_bytes)
    };
    let mut passed = Vec::new();
    while control.len() >= head {
        // Of 8 bytes the lower 4 say it: there is no message that long.
        let len = int(control, 0).and_then(|len| usize::try_from(len).ok()).unwrap_or_default();
        let (message, _) = control.split_at(len.clamp(head, control.len()));
        if (int(message, word), int(message, word + 4)) == (Some(SOL_SOCKET), Some(SCM_RIGHTS)) {
            let (descriptors, _) = message[head..].as_chunks::<4>();
            passed.extend(descriptors.iter().map(|fd| i32::from_le_bytes(*fd)));
        }
        control = control.get(message.len().next_multiple_of(word)..).unwrap_or_default();
    }
    passed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: i32, data: &[i32]) -> Vec<u8> {
        let len = 16 + 4 * data.len();
        let mut bytes = (len as u64).to_le_bytes().to_vec();
        for int in [1, kind].iter().chain(data) {
            bytes.extend(int.to_le_bytes());
        }
        bytes.resize(len.next_multiple_of(8), 0);
        bytes
    }

    #[test]
    fn descriptors_of_all_messages() {
        let all = [message(2, &[7, 8, 9]), message(1, &[5]), message(1, &[3, 4])].concat();
        assert_eq!(passed_descriptors(&all, 8), [5, 3, 4]);
        let narrow = [16, 1, 1, 6].map(i32::to_le_bytes).concat();
        assert_eq!(passed_descriptors(&narrow, 4), [6]);
    }

    #[test]
    fn what_is_cut_or_nonsense_is_no_descriptor() {
        let all = message(1, &[5, 6]);
        assert_eq!(passed_descriptors(&all[..22], 8), [5]);
        assert!(passed_descriptors(&all[..12], 8).is_empty());
        assert!(passed_descriptors(&[0; 64], 8).is_empty());
        assert!(passed_descriptors(&[0xff; 64], 8).is_empty());
    }
}
