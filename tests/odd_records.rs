//! Records that no kernel makes: a log is input, and may be damaged or made to do
//! harm. Every format takes them, whatever stands in them.

use std::io;

use proptest::prelude::*;
use rtrace::abi::Abi;
use rtrace::event::{Batch, Call, Kind, Phase, Role, State, TaskId};
use rtrace::export::{Detail, FORMATS, Options, Run, TextOptions};
use rtrace::log::Header;

fn word() -> impl Strategy<Value = u64> {
    prop_oneof![0..20_u64, any::<u64>(), (0..64_u32).prop_map(|bit| 1 << bit), Just(u64::MAX)]
}

/// A piece: argument, role, phase, state, bytes.
fn piece() -> impl Strategy<Value = (u8, usize, usize, usize, Vec<u8>)> {
    let bytes = proptest::collection::vec(any::<u8>(), 0..150);
    (prop_oneof![0..6_u8, any::<u8>()], 0..14_usize, 0..2_usize, 0..4_usize, bytes)
}

prop_compose! {
    fn record()(
        kind in prop_oneof![4 => Just(0), 1 => 0..Kind::ALL.len()],
        task in 0..4_u32,
        ordinal in word(),
        call in (0..3_usize, prop_oneof![9 => 0..470_u64, 1 => any::<u64>()]),
        words in [word(), word(), word(), word(), word(), word()],
        times in (word(), proptest::option::of(word())),
        result in any::<i16>(),
        failed in any::<bool>(),
        pieces in proptest::collection::vec(piece(), 0..6),
    ) -> Batch {
        let mut batch = Batch::new();
        let mut record = batch.record(Kind::ALL[kind], TaskId(task), ordinal);
        if Kind::ALL[kind] == Kind::Call {
            let abi = [Abi::X86_64, Abi::I386, Abi::X32][call.0];
            record.call(Call { abi, nr: call.1 });
        }
        record.start(times.0).words(words).ended(times.1, result.into(), failed);
        for (arg, role, phase, state, bytes) in &pieces {
            let (role, phase) = (Role::ALL[*role], Phase::ALL[*phase]);
            record.piece(*arg, role, phase, State::ALL[*state], bytes);
        }
        record.finish();
        batch
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_format_takes_any_record(records in proptest::collection::vec(record(), 1..40)) {
        let text = TextOptions {
            absolute_time: 2,
            duration: true,
            decode_descriptors: 2,
            verbose: true,
            ..TextOptions::default()
        };
        let iri_prefix = Some("urn:x:".to_owned());
        let varied = Options { follow: true, detail: Some(Detail::Event), iri_prefix, comparison: None, text, language: Some(rtrace::export::Language::French), scope: rtrace::export::Scope { fold_system: true, ..Default::default() } };
        for format in FORMATS {
            for options in [Options::default(), varied.clone()] {
                let mut exporter = format.exporter(Box::new(io::sink()), &options).unwrap();
                exporter.begin(&Run::from(&Header::default())).unwrap();
                for batch in &records {
                    exporter.batch(batch).unwrap();
                }
                exporter.end().unwrap();
                exporter.finish().unwrap();
            }
        }
    }
}
