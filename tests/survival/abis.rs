//! 32-bit programs, 32-bit calls from 64-bit code, numbers that nobody knows.

use rtrace::abi::Abi;

use crate::common::{Build, Rtrace, tracee, tracee_built};

#[test]
fn a_chain_of_64_and_32_bit_programs() {
    let (wide, narrow) = (tracee("chain32"), tracee_built("chain32", Build::I386));
    let run = Rtrace::run(&wide).args([&narrow, &wide, &narrow]).finish();
    run.exited(0);
    let trace = run.trace();
    trace.agrees_with(&run.stdout);
    let mut abis: Vec<Abi> = trace.root().calls.iter().map(|call| call.abi).collect();
    abis.dedup();
    assert_eq!(abis, [Abi::X86_64, Abi::I386, Abi::X86_64, Abi::I386]);
}

#[test]
fn every_kind_of_linking() {
    let last = [Build::Static, Build::StaticI386, Build::Musl];
    for build in last {
        let run = Rtrace::run(tracee_built("chain32", build)).finish();
        run.exited(0);
        run.trace().agrees_with(&run.stdout);
    }
}

#[test]
fn storms_of_32_bit_programs() {
    for (name, arg) in [("fork_storm", "60"), ("vfork_storm", "30"), ("threads", "50")] {
        let run = Rtrace::run(tracee_built(name, Build::I386)).arg(arg).finish();
        run.exited(0);
        run.trace().agrees_with(&run.stdout);
    }
}

#[test]
fn int_0x80_from_64_bit_code() {
    let run = Rtrace::run(tracee("int80")).finish();
    run.exited(0);
    run.trace().agrees_with(&run.stdout);
}

#[test]
fn numbers_that_no_table_has() {
    for build in [Build::Native, Build::I386] {
        let run = Rtrace::run(tracee_built("unknown_calls", build)).finish();
        run.exited(0);
        assert!(run.stdout.ends_with("done\n"));
        run.trace().agrees_with(&run.stdout);
    }
}
