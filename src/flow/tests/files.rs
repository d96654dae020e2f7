//! Content of files from writers to readers, whatever the names.

use super::kit::*;
use crate::event::{Fact, FactKey, FactKind, Origin, TaskId, Value};
use crate::flow::Name;

const CREAT: u64 = 0o101; // O_CREAT|O_WRONLY
const EXCL: u64 = 0o301;
const TRUNC: u64 = 0o1101;
const APPEND: u64 = 0o2001;

/// The command, task 1, and its children 2, 3, …
fn with_children(last: u32) -> Story {
    let mut story = Story::new();
    for child in 2..=last {
        let made = story.next(1);
        let pid = u64::from(100 + child);
        story.start(child, [pid, pid, u64::from(child), 1, made], Origin::Fork);
        story.ends(1, made, fork, &[], Some(pid as i64), |_| {}, &[]);
    }
    story.seen.0.clear();
    story
}

fn name(story: &Story, path: &[u8]) -> Name {
    let state = story.flow.state();
    state.name_life(state.known_file(path).expect("it was named"))
}

#[test]
fn a_reader_gets_what_stands_there_once() {
    let mut story = with_children(3);
    story.open(1, b"out", EXCL, 3);
    story.call(1, write, &[3, 0, 5], 5);
    let last = story.call(1, write, &[3, 0, 5], 5);
    story.open(2, b"/home/out", 0, 3);
    let first = story.call(2, read, &[3, 0, 6], 6);
    story.call(2, read, &[3, 0, 6], 4);
    story.call(2, read, &[3, 0, 6], 0);
    assert_eq!(story.seen.take("content"), [format!("1/{last}-2/{first} /home/out 1")]);
    assert_eq!(story.seen.take("version").len(), 1);
    // What is written from now on is another version: the reader has not seen it.
    let more = story.call(1, write, &[3, 0, 5], 5);
    assert_eq!(story.seen.take("version"), [format!("/home/out 2 of 1 by 1/{more}")]);
    assert_eq!(story.seen.take("overwrite"), Vec::<String>::new());
    let seen = story.call(2, read, &[3, 0, 6], 5);
    assert_eq!(story.seen.take("content"), [format!("1/{more}-2/{seen} /home/out 2")]);
}

#[test]
fn bytes_tell_whose_a_part_is() {
    let mut story = with_children(4);
    story.open(1, b"out", EXCL, 3);
    story.open(2, b"out", CREAT, 3);
    let head = story.call(1, write, &[3, 0, 10], 10);
    let tail = story.call(2, pwrite64, &[3, 0, 10, 10], 10);
    story.open(3, b"out", 0, 3);
    let first = story.call(3, read, &[3, 0, 10], 10);
    let second = story.call(3, read, &[3, 0, 10], 10);
    assert_eq!(
        story.seen.take("content"),
        [format!("1/{head}-3/{first} /home/out 1"), format!("2/{tail}-3/{second} /home/out 1"),]
    );
    // Now all of it is the second writer's.
    let all = story.call(2, pwrite64, &[3, 0, 20, 0], 20);
    assert_eq!(story.seen.take("overwrite"), [format!("3/{second}-2/{all} /home/out 1")]);
    story.open(4, b"out", 0, 3);
    let whole = story.call(4, read, &[3, 0, 99], 20);
    assert_eq!(story.seen.take("content"), [format!("2/{all}-4/{whole} /home/out 2")]);
}

#[test]
fn an_emptied_file_has_nothing_of_what_was() {
    let mut story = with_children(3);
    story.open(1, b"out", EXCL, 3);
    story.call(1, write, &[3, 0, 5], 5);
    story.open(2, b"out", 0, 3);
    let seen = story.call(2, read, &[3, 0, 5], 5);
    story.seen.0.clear();
    let emptied = story.open(3, b"out", TRUNC, 3);
    assert_eq!(story.seen.take("version"), [format!("/home/out 2 of nothing by 3/{emptied}")]);
    assert_eq!(story.seen.take("overwrite"), [format!("2/{seen}-3/{emptied} /home/out 1")]);
    story.call(2, lseek, &[3, 0, 0], 0);
    story.call(2, read, &[3, 0, 5], 0);
    assert_eq!(story.seen.take("content"), Vec::<String>::new());
}

#[test]
fn a_shorter_file_keeps_its_beginning() {
    let mut story = with_children(3);
    story.open(1, b"out", EXCL, 3);
    story.call(1, write, &[3, 0, 5], 5);
    story.open(2, b"out", CREAT, 3);
    story.call(2, pwrite64, &[3, 0, 5, 5], 5);
    let cut = story.call(3, ftruncate, &[9, 5], 0);
    assert_eq!(
        story.seen.take("version"),
        ["/home/out 1 of nothing by 1/3"],
        "{cut} is of no file"
    );
    let last = story.call(1, ftruncate, &[3, 5], 0);
    story.open(3, b"out", 0, 3);
    let got = story.call(3, read, &[3, 0, 99], 5);
    assert_eq!(story.seen.take("content"), [format!("1/{last}-3/{got} /home/out 1")]);
}

#[test]
fn content_goes_where_its_name_goes() {
    let mut story = with_children(3);
    story.open(1, b"out.tmp", EXCL, 3);
    let written = story.call(1, write, &[3, 0, 5], 5);
    story.open(2, b"out", 0, 3);
    story.call(2, read, &[3, 0, 5], 5);
    let moved = story.two_paths(1, rename, [b"out.tmp", b"out"]);
    // Who had the old file open still reads that one.
    story.call(2, lseek, &[3, 0, 0], 0);
    story.call(2, read, &[3, 0, 5], 5);
    assert_eq!(story.seen.take("content"), Vec::<String>::new());
    story.open(3, b"out", 0, 3);
    let got = story.call(3, read, &[3, 0, 5], 5);
    assert_eq!(story.seen.take("content"), [format!("1/{written}-3/{got} /home/out 1")]);
    assert_eq!(name(&story, b"/home/out").created.map(|by| by.ordinal), Some(moved));
    let gone = name(&story, b"/home/out.tmp");
    assert_eq!((gone.deleted.map(|by| by.ordinal), gone.file), (Some(moved), None));
}

#[test]
fn a_directory_takes_its_files_along() {
    let mut story = with_children(2);
    story.at_path(1, mkdir, b"new");
    story.open(1, b"new/a", EXCL, 3);
    let written = story.call(1, write, &[3, 0, 5], 5);
    story.two_paths(1, rename, [b"new", b"old"]);
    story.open(2, b"old/a", 0, 3);
    let got = story.call(2, read, &[3, 0, 5], 5);
    assert_eq!(story.seen.take("content"), [format!("1/{written}-2/{got} /home/old/a 1")]);
}

#[test]
fn a_second_name_leads_to_the_same_content() {
    let mut story = with_children(2);
    story.open(1, b"a", EXCL, 3);
    story.two_paths(1, link, [b"a", b"b"]);
    story.at_path(1, unlink, b"a");
    let written = story.call(1, write, &[3, 0, 5], 5);
    story.open(2, b"b", 0, 3);
    let got = story.call(2, read, &[3, 0, 5], 5);
    assert_eq!(story.seen.take("content"), [format!("1/{written}-2/{got} /home/b 1")]);
    // Who makes the first name again makes another file.
    story.open(2, b"a", CREAT, 4);
    story.call(2, read, &[4, 0, 5], 0);
    assert_eq!(story.seen.take("content"), Vec::<String>::new());
}

#[test]
fn names_from_before_the_run_are_one_file_by_their_inode() {
    let known = |ordinal, path: &[u8]| -> Fact {
        let fields = [
            (FactKey::Fd, Value::Number(3)),
            (FactKey::Path, Value::Bytes(path.into())),
            (FactKey::Device, Value::Number(9)),
            (FactKey::Inode, Value::Number(77)),
            (FactKey::Mode, Value::Number(0o100644)),
            (FactKey::Size, Value::Number(40)),
        ];
        fact(FactKind::File, 1, ordinal, &fields)
    };
    let mut story = with_children(2);
    for (task, path, flags) in [(1, &b"/home/one"[..], APPEND), (2, b"/home/other", 0)] {
        let ordinal = story.next(task);
        let known = Fact { task: TaskId(task), ..known(ordinal, path) };
        let open = |r: &mut crate::event::RecordBuilder<'_>| {
            whole(r, 1, crate::event::Role::Path, path);
        };
        story.ends(task, ordinal, openat, &[CWD, 8, flags], Some(3), open, &[known]);
    }
    let appended = story.call(1, write, &[3, 0, 5], 5);
    story.call(2, read, &[3, 0, 40], 40);
    assert_eq!(story.seen.take("content"), Vec::<String>::new());
    let got = story.call(2, read, &[3, 0, 40], 5);
    assert_eq!(story.seen.take("content"), [format!("1/{appended}-2/{got} /home/other 1")]);
    assert_eq!(story.seen.take("version"), [format!("/home/one 1 of 0 by 1/{appended}")]);
}

#[test]
fn names_in_a_directory_that_is_a_link_are_those_where_it_leads() {
    let mut story = with_children(2);
    let fields =
        [(FactKey::Fd, Value::Number(3)), (FactKey::Path, Value::Bytes(b"/run/x.tmp".into()))];
    let ordinal = story.next(1);
    let real = fact(FactKind::File, 1, ordinal, &fields);
    let path = |r: &mut crate::event::RecordBuilder<'_>| {
        whole(r, 1, crate::event::Role::Path, b"/var/run/x.tmp");
    };
    story.ends(1, ordinal, openat, &[CWD, 8, EXCL], Some(3), path, &[real]);
    let written = story.call(1, write, &[3, 0, 5], 5);
    story.two_paths(1, rename, [b"/var/run/x.tmp", b"/var/run/x"]);
    story.open(2, b"/run/x", 0, 3);
    let got = story.call(2, read, &[3, 0, 5], 5);
    assert_eq!(story.seen.take("content"), [format!("1/{written}-2/{got} /run/x 1")]);
}

#[test]
fn another_inode_is_another_file_whatever_the_name() {
    let mut story = with_children(2);
    let found = |story: &mut Story, task: u32, inode: i64| {
        let ordinal = story.next(task);
        let fields = [
            (FactKey::Fd, Value::Number(3)),
            (FactKey::Path, Value::Bytes(b"/etc/x".into())),
            (FactKey::Device, Value::Number(9)),
            (FactKey::Inode, Value::Number(inode)),
            (FactKey::Mode, Value::Number(0o100644)),
        ];
        let known = fact(FactKind::File, task, ordinal, &fields);
        let path = |r: &mut crate::event::RecordBuilder<'_>| {
            whole(r, 1, crate::event::Role::Path, b"/etc/x");
        };
        story.ends(task, ordinal, openat, &[CWD, 8, 2], Some(3), path, &[known]);
    };
    found(&mut story, 1, 7);
    story.call(1, write, &[3, 0, 5], 5);
    found(&mut story, 2, 8);
    story.call(2, read, &[3, 0, 5], 5);
    assert_eq!(story.seen.take("content"), Vec::<String>::new());
    found(&mut story, 2, 7);
    story.call(2, read, &[3, 0, 5], 5);
    assert_eq!(story.seen.take("content").len(), 1);
}

#[test]
fn the_inode_of_a_file_that_is_gone_is_another_ones() {
    let mut story = with_children(2);
    let made = |story: &mut Story, task: u32, name: &[u8], flags: u64| {
        let ordinal = story.next(task);
        let fields = [
            (FactKey::Fd, Value::Number(3)),
            (FactKey::Path, Value::Bytes(name.into())),
            (FactKey::Device, Value::Number(9)),
            (FactKey::Inode, Value::Number(7)),
            (FactKey::Mode, Value::Number(0o100644)),
        ];
        let known = fact(FactKind::File, task, ordinal, &fields);
        let path = |r: &mut crate::event::RecordBuilder<'_>| {
            whole(r, 1, crate::event::Role::Path, name);
        };
        story.ends(task, ordinal, openat, &[CWD, 8, flags], Some(3), path, &[known]);
    };
    made(&mut story, 1, b"/home/tmp", EXCL);
    story.call(1, write, &[3, 0, 5], 5);
    story.at_path(1, unlink, b"/home/tmp");
    made(&mut story, 2, b"/home/new", CREAT);
    story.call(2, read, &[3, 0, 5], 5);
    assert_eq!(story.seen.take("content"), Vec::<String>::new());
    // As long as another name leads to it, it is the same.
    story.two_paths(2, link, [b"/home/new", b"/home/other"]);
    let written = story.call(2, write, &[3, 0, 5], 5);
    story.at_path(2, unlink, b"/home/new");
    made(&mut story, 1, b"/home/third", CREAT);
    let got = story.call(1, read, &[3, 0, 10], 10);
    assert_eq!(story.seen.take("content"), [format!("2/{written}-1/{got} /home/third 1")]);
}

#[test]
fn mappings_and_programs_are_read() {
    let mut story = with_children(3);
    story.open(1, b"prog", EXCL, 3);
    let written = story.call(1, write, &[3, 0, 500], 500);
    story.open(2, b"prog", 0, 3);
    let mapped = story.call(2, mmap, &[0, 4096, 1, 2, 3, 0], 0x7000_0000);
    let run = story.at_path(3, execve, b"prog");
    assert_eq!(
        story.seen.take("content"),
        [
            format!("1/{written}-2/{mapped} /home/prog 1"),
            format!("1/{written}-3/{run} /home/prog 1"),
        ]
    );
    // A shared mapping that can be written to may change it at any time.
    let shared = story.call(2, mmap, &[0, 4096, 3, 1, 3, 0], 0x7000_0000);
    story.open(1, b"prog", 0, 4);
    let got = story.call(1, read, &[4, 0, 500], 500);
    assert_eq!(story.seen.take("content"), [format!("2/{shared}-1/{got} /home/prog 2?")]);
}

#[test]
fn memory_with_a_descriptor_is_a_file_too() {
    let mut story = Story::new();
    story.call_with(1, memfd_create, &[8], 3, |r| whole(r, 0, crate::event::Role::Str, b"m"));
    let made = story.next(1);
    story.start(2, [102, 102, 2, 1, made], Origin::Fork);
    story.ends(1, made, fork, &[], Some(102), |_| {}, &[]);
    let written = story.call(1, write, &[3, 0, 5], 5);
    story.call(2, read, &[3, 0, 5], 0); // the offset is behind what was written
    story.call(2, lseek, &[3, 0, 0], 0);
    let got = story.call(2, read, &[3, 0, 5], 5);
    assert_eq!(story.seen.take("content"), [format!("1/{written}-2/{got} memfd:m 1")]);
}

#[test]
fn a_link_to_a_descriptor_is_what_it_stands_for() {
    let mut story = with_children(2);
    story.open(1, b"a", EXCL, 3);
    let written = story.call(1, write, &[3, 0, 5], 5);
    story.two_paths(1, link, [b"/proc/self/fd/3", b"b"]);
    story.open(2, b"b", 0, 4);
    let got = story.call(2, read, &[4, 0, 5], 5);
    story.open(2, b"/dev/fd/4", 0, 5);
    story.call(2, read, &[5, 0, 5], 5);
    assert_eq!(story.seen.take("content"), [format!("1/{written}-2/{got} /home/b 1")]);
    assert_eq!(story.table(2), "4=/home/b 5=/home/b");
}
