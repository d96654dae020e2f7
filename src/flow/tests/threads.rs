//! Threads, and who waits for them.

use super::kit::*;
use crate::event::{Kind, Origin};

/// Of pthread_create(3): among others, with CLONE_THREAD and CLONE_CHILD_CLEARTID.
const FLAGS: u64 = 0x3d_0f00;
const FUTEX_WAIT: u64 = 0;
const FUTEX_WAKE: u64 = 1;
const EAGAIN: i64 = -11;

fn starts(story: &mut Story, thread: u32) -> u64 {
    let made = story.next(1);
    story.start(thread, [u64::from(100 + thread), 100, 1, 1, made], Origin::Thread);
    made
}

/// Task 1 makes a thread that clears the word at `word` when it ends.
fn makes(story: &mut Story, thread: u32, word: u64) {
    let made = starts(story, thread);
    has_made(story, made, thread, word);
}

fn has_made(story: &mut Story, made: u64, thread: u32, word: u64) {
    let result = Some(i64::from(100 + thread));
    story.ends(1, made, clone, &[FLAGS, 0, 0, word], result, |_| {}, &[]);
}

/// A thread calls exit(2), which never returns; its ordinal.
fn leaves(story: &mut Story, thread: u32) -> u64 {
    let exit_call = story.next(thread);
    story.ends(thread, exit_call, exit, &[0], None, |_| {}, &[]);
    exit_call
}

fn ends(story: &mut Story, thread: u32) {
    story.happens(Kind::Exit, thread, [0; 6]);
}

#[test]
fn a_thread_is_joined_by_who_waits_on_its_word() {
    let mut story = Story::new();
    makes(&mut story, 2, 0x1000);
    makes(&mut story, 3, 0x2000);
    let left = leaves(&mut story, 2);
    // It wakes before the tracer hears of the thread's end.
    story.call(1, futex, &[0x2000, FUTEX_WAKE, 1], 0);
    story.call(1, futex, &[0x3000, FUTEX_WAIT, 1], 0);
    let joined = story.call(1, futex, &[0x1000, FUTEX_WAIT, 102], 0);
    ends(&mut story, 2);
    let left_late = leaves(&mut story, 3);
    ends(&mut story, 3);
    let found_zero = story.call(1, futex, &[0x2000, FUTEX_WAIT, 103], EAGAIN);
    assert_eq!(
        story.seen.take("wait"),
        [format!("2/{left}-1/{joined}"), format!("3/{left_late}-1/{found_zero}")]
    );
}

#[test]
fn a_thread_may_be_gone_before_its_maker_knows_it() {
    let mut story = Story::new();
    let made = starts(&mut story, 2);
    let left = leaves(&mut story, 2);
    ends(&mut story, 2);
    has_made(&mut story, made, 2, 0x1000);
    let joined = story.call(1, futex, &[0x1000, FUTEX_WAIT, 102], 0);
    assert_eq!(story.seen.take("wait"), [format!("2/{left}-1/{joined}")]);
}

#[test]
fn a_wait_that_was_woken_otherwise_joins_nobody() {
    let mut story = Story::new();
    makes(&mut story, 2, 0x1000);
    story.call(1, futex, &[0x1000, FUTEX_WAIT, 102], 0);
    story.call(1, futex, &[0x1000, FUTEX_WAIT, 102], -4);
    leaves(&mut story, 2);
    story.call(1, futex, &[0x1000, FUTEX_WAIT, 102], -4);
    assert!(story.seen.take("wait").is_empty());
}

#[test]
fn a_word_is_used_again_and_one_of_several_threads_tells_nothing() {
    let mut story = Story::new();
    makes(&mut story, 2, 0x1000);
    let first = leaves(&mut story, 2);
    let joined = story.call(1, futex, &[0x1000, FUTEX_WAIT, 102], 0);
    ends(&mut story, 2);
    makes(&mut story, 3, 0x1000);
    let second = leaves(&mut story, 3);
    let joined_second = story.call(1, futex, &[0x1000, FUTEX_WAIT, 103], 0);
    assert_eq!(
        story.seen.take("wait"),
        [format!("2/{first}-1/{joined}"), format!("3/{second}-1/{joined_second}")]
    );
    makes(&mut story, 4, 0x2000);
    makes(&mut story, 5, 0x2000);
    leaves(&mut story, 4);
    story.call(1, futex, &[0x2000, FUTEX_WAIT, 104], 0);
    assert!(story.seen.take("wait").is_empty());
}
