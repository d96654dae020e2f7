//! Following a log that is being written.

use super::{Batch, End, Reader, Writer, contents, everything, header};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

#[test]
fn a_follower_gets_each_block_as_it_is_written_and_stops_at_the_tail() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("growing.mp");
    let mut writer = Writer::new(File::create(&path).unwrap(), &header()).unwrap();
    let (seen, blocks) = mpsc::channel();
    let follower = std::thread::spawn(move || {
        let mut reader = Reader::follow(path, |_| false).unwrap();
        let mut batch = Batch::new();
        while reader.next_batch(&mut batch).unwrap().is_some() {
            seen.send(batch.clone()).unwrap();
        }
        assert!(reader.next_batch(&mut batch).unwrap().is_none(), "and stays at its end");
        assert!(reader.losses().is_complete());
        reader.end().unwrap().time
    });
    let batch = everything();
    for _ in 0..3 {
        writer.write_batch(&batch).unwrap();
        let read = blocks.recv().unwrap();
        assert_eq!(contents(&[read]), contents(std::slice::from_ref(&batch)));
    }
    writer.finish(End { time: 77, ..End::default() }).unwrap();
    assert_eq!(follower.join().unwrap(), 77);
}

#[test]
fn a_block_that_arrives_bit_by_bit_is_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("growing.mp");
    let bytes = super::write(&[everything(), everything()]);
    let mut file = File::create(&path).unwrap();
    let follower = std::thread::spawn({
        let path = path.clone();
        move || {
            let mut reader = Reader::follow(path, |_| false).unwrap();
            let (mut batch, mut blocks) = (Batch::new(), 0);
            while reader.next_batch(&mut batch).unwrap().is_some() {
                blocks += 1;
            }
            (blocks, reader.losses().is_complete())
        }
    });
    for piece in bytes.chunks(97) {
        file.write_all(piece).unwrap();
        std::thread::yield_now();
    }
    assert_eq!(follower.join().unwrap(), (2, true));
}

#[test]
fn a_follower_of_a_log_that_was_cut_stops_when_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("cut.mp");
    let bytes = super::write(&[everything()]);
    std::fs::write(&path, &bytes[..bytes.len() - 30]).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    let mut reader = Reader::follow(&path, move |_| told.load(Ordering::Relaxed)).unwrap();
    let mut batch = Batch::new();
    assert!(reader.next_batch(&mut batch).unwrap().is_some());
    // What was written before the stop is still read.
    OpenOptions::new()
        .append(true)
        .open(&path)
        .unwrap()
        .write_all(&bytes[bytes.len() - 30..bytes.len() - 22])
        .unwrap();
    stop.store(true, Ordering::Relaxed);
    assert!(reader.next_batch(&mut batch).unwrap().is_none());
    assert!(reader.end().is_some() && reader.losses().tail);
}
