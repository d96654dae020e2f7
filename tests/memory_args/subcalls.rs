//! Calls that i386's `socketcall` and `ipc` make: the same patterns, by another way.

use rtrace::abi::{self, Abi};

use crate::invocation::{Arg, Buffer, Invocation};

const SOCKETCALL: u64 = 102;
const IPC: u64 = 117;

pub(crate) fn invocations() -> Vec<Invocation> {
    let calls = abi::subcalls(Abi::I386).filter_map(|(nr, prototype)| {
        let call = Invocation::planted(Abi::I386, nr, prototype)?;
        Some(if nr & 0xffff == SOCKETCALL { by_socketcall(call) } else { by_ipc(call) })
    });
    let calls: Vec<_> = calls.collect();
    assert!(calls.len() > 10, "only {} subcalls pass memory", calls.len());
    calls
}

/// The call's words in memory, and where they lie.
fn by_socketcall(mut call: Invocation) -> Invocation {
    let mut vector = Buffer::zeros(4 * call.args.len());
    for (index, arg) in call.args.iter().enumerate() {
        match arg {
            Arg::Value(value) => {
                vector.bytes[4 * index..4 * index + 4].copy_from_slice(&word(*value));
            }
            Arg::Buffer(buffer) => vector.pointers.push((4 * index, *buffer)),
            Arg::OwnPid => unreachable!("no socket call takes a pid"),
        }
    }
    let vector = call.buffer(vector);
    let number = call.nr >> 32;
    call.args = std::array::from_fn(|_| Arg::Value(0));
    call.args[0] = Arg::Value(number);
    call.args[1] = Arg::Buffer(vector);
    call.nr = SOCKETCALL;
    call
}

/// The call's words in the order of `call, first, second, third, ptr, fifth`.
fn by_ipc(mut call: Invocation) -> Invocation {
    let number = call.nr >> 32;
    let [first, second, third, fourth, ..] = call.args.clone();
    let zero = Arg::Value(0);
    call.args = match call.name {
        // first, ptr, second, fifth
        "semop" | "semtimedop" => [Arg::Value(number), first, third, zero, second, fourth],
        other => panic!("nothing is planted for {other}"),
    };
    call.nr = IPC;
    call
}

fn word(value: u64) -> [u8; 4] {
    (value as u32).to_ne_bytes()
}
