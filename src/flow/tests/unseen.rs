//! What is missing in a log.

use super::kit::*;
use crate::flow::Omitted;

/// What a write of 5 bytes and a read of them give.
fn passed(story: &mut Story) -> Vec<String> {
    story.seen.take("data");
    story.call(1, write, &[4, 0, 5], 5);
    story.call(1, read, &[3, 0, 5], 5);
    story.seen.take("data")
}

fn with_pipe() -> Story {
    let mut story = Story::new();
    let pair = [3i32, 4].map(i32::to_le_bytes).concat();
    story.call_with(1, pipe2, &[8, 0], 0, |r| whole(r, 0, crate::event::Role::Struct, &pair));
    story
}

#[test]
fn what_is_missing_of_a_task_makes_its_pipes_doubtful() {
    let mut story = with_pipe();
    assert!(!passed(&mut story)[0].contains('?'));
    assert!(story.seen.take("partial").is_empty());
    story.next(1); // an event that the log does not have
    assert!(passed(&mut story)[0].contains('?'));
    assert_eq!(story.seen.take("partial"), ["1"]);
    story.next(1);
    passed(&mut story);
    assert!(story.seen.take("partial").is_empty(), "once for a process");
}

#[test]
fn what_a_filter_leaves_out_makes_doubtful_what_it_can_reach() {
    for (set, is_certain) in [("!read", false), ("!pread64", true), ("!close", false)] {
        let mut story = with_pipe();
        story.flow.set_omitted(Omitted::by_set(Some(set)));
        story.next(1); // a filter leaves such gaps
        assert_eq!(!passed(&mut story)[0].contains('?'), is_certain, "{set}");
        assert!(story.seen.take("partial").is_empty(), "{set}");
    }
}
