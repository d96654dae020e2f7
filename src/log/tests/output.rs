//! What a writer does to its output, and what `check` says of it.

use super::{Batch, End, Error, Writer, everything, header, read};
use crate::log::check;
use std::io::{self, Write};

/// An output with room for so many bytes.
struct Small(Vec<u8>, usize);

impl Write for Small {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = (self.1 - self.0.len()).min(bytes.len());
        if room == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.extend_from_slice(&bytes[..room]);
        Ok(room)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_leaves_what_was_written_and_space_lets_it_go_on() {
    let batch = everything();
    let mut writer = Writer::new(Small(Vec::new(), 6000), &header()).unwrap();
    let mut sound = 0;
    while writer.write_batch(&batch).is_ok() {
        sound += 1;
    }
    assert!(sound > 1);
    assert!(matches!(writer.write_batch(&batch), Err(Error::Write(_))));
    assert_eq!(writer.totals().bytes, 6000);
    writer.get_mut().1 = usize::MAX;
    writer.write_batch(&batch).unwrap();
    let (totals, Small(bytes, _)) = writer.finish(End::default()).unwrap();
    assert_eq!(totals.bytes, bytes.len() as u64);
    let (blocks, losses) = read(&bytes).unwrap();
    assert_eq!(blocks.len(), sound + 1);
    assert!(!losses.is_complete() && !losses.tail);
    assert_eq!((losses.blocks, losses.records), (2, 2 * batch.len() as u64));
}

/// Counts how often it is written to.
struct Calls(usize);

impl Write for Calls {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += 1;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_block_is_one_write() {
    let mut writer = Writer::new(Calls(0), &header()).unwrap();
    for written in 1..5 {
        assert_eq!(writer.get_ref().0, written);
        writer.write_batch(&everything()).unwrap();
    }
    assert_eq!(writer.write_batch(&Batch::new()).unwrap().blocks, 0);
    assert_eq!(writer.get_ref().0, 5);
}

#[test]
fn the_clock_is_in_each_block() {
    let mut writer = Writer::new(Vec::new(), &header()).unwrap().with_clock(|| 4242);
    writer.write_batch(&everything()).unwrap();
    let (_, bytes) = writer.finish(End::default()).unwrap();
    let (blocks, _) = read(&bytes).unwrap();
    assert_eq!(blocks[0].0.clock.map(|(_, time)| time), Some(4242));
}

#[test]
fn the_summary_of_a_log_adds_up_and_has_the_keys_that_scripts_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log.mp");
    let bytes = super::write(&[everything(), everything()]);
    std::fs::write(&path, &bytes).unwrap();
    let summary = check(&path).unwrap();
    assert!(summary.complete);
    assert_eq!(summary.records, 2 * everything().len() as u64);
    let json = serde_json::to_value(&summary).unwrap();
    let object = json["bytes"].as_object().unwrap();
    let sum: u64 =
        object.iter().filter(|(k, _)| *k != "total").filter_map(|(_, v)| v.as_u64()).sum();
    assert_eq!(sum, bytes.len() as u64);
    assert_eq!(json["bytes"]["total"], bytes.len());
    for key in ["records", "dictionaries", "structs", "data", "facts", "index", "header"] {
        assert!(json["bytes"][key].as_u64().unwrap() > 0, "{key}");
    }
    assert!(json["calls"].is_u64() && json["tasks"].is_u64() && json["end"]["reason"] == "ended");

    std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let summary = check(&path).unwrap();
    assert!(!summary.complete && summary.lost.tail && summary.lost.blocks == 0);
    assert!(summary.end.is_some());
}

#[test]
fn calls_and_tasks_are_counted_alike_by_writer_and_reader() {
    let mut writer = Writer::new(Vec::new(), &header()).unwrap();
    writer.write_batch(&everything()).unwrap();
    let (totals, bytes) = writer.finish(End::default()).unwrap();
    let mut reader = crate::log::Reader::new(io::Cursor::new(bytes)).unwrap();
    let summary = crate::log::check_reader(&mut reader).unwrap();
    assert_eq!((summary.calls, summary.tasks), (totals.calls, totals.tasks));
    let end = reader.end().unwrap();
    assert_eq!((end.calls, end.tasks, end.records), (totals.calls, totals.tasks, totals.records));
}
