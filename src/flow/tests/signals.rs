//! Signals, from who sent one to who got it.

use super::kit::*;
use crate::event::{FactKey, FactKind, Kind, Origin, Phase, Role, State, TaskId, Value};

const SIGHUP: u64 = 1;
const SIGKILL: u64 = 9;
const SIGUSR1: u64 = 10;
const SIGTERM: u64 = 15;
const SIGCHLD: u64 = 17;
const SIGRTMIN: u64 = 34;

const SI_QUEUE: i32 = -1;
const SI_TKILL: i32 = -6;
const CLD_EXITED: i32 = 1;

/// Task 1 is the command, pid 100; each of `tasks` a child of it, of pid 100 + task.
fn with_children(tasks: &[u32]) -> Story {
    let mut story = Story::new();
    for task in tasks {
        story.forks(1, *task);
    }
    story
}

fn info(signal: u64, code: i32, pid: u32) -> [u8; 48] {
    let mut info = [0; 48];
    info[..4].copy_from_slice(&(signal as i32).to_le_bytes());
    info[8..12].copy_from_slice(&code.to_le_bytes());
    info[16..20].copy_from_slice(&pid.to_le_bytes());
    info
}

/// A task gets a signal that process `pid` sent by kill(2).
fn gets(story: &mut Story, task: u32, signal: u64, pid: u32) -> u64 {
    gets_as(story, task, signal, (0, pid))
}

fn gets_as(story: &mut Story, task: u32, signal: u64, (code, pid): (i32, u32)) -> u64 {
    let ordinal = story.next(task);
    story.is_delivered(task, ordinal, signal, &info(signal, code, pid));
    ordinal
}

#[test]
fn a_signal_leads_from_who_sent_it_to_who_got_it() {
    let mut story = with_children(&[2, 3]);
    story.call(1, kill, &[102, 0], 0);
    let sent = story.call(1, kill, &[102, SIGTERM], 0);
    story.call(1, kill, &[999, SIGTERM], -3);
    story.call(1, kill, &[103, SIGTERM], -1);
    let got = gets(&mut story, 2, SIGTERM, 100);
    gets(&mut story, 3, SIGTERM, 100);
    gets(&mut story, 2, SIGTERM, 100);
    gets(&mut story, 2, SIGHUP, 100);
    assert_eq!(story.seen.take("signal"), [format!("1/{sent}-2/{got}")]);
}

#[test]
fn it_may_be_got_before_the_call_that_sent_it_has_returned() {
    let mut story = with_children(&[2]);
    let sent = story.next(1);
    let args = [102, SIGUSR1];
    story.ends(1, sent, kill, &args, None, |_| {}, &[]);
    let got = gets(&mut story, 2, SIGUSR1, 100);
    assert_eq!(story.seen.take("signal"), [format!("1/{sent}-2/{got}")]);
    story.ends(1, sent, kill, &args, Some(0), |_| {}, &[]);
    gets(&mut story, 2, SIGUSR1, 100);
    assert!(story.seen.take("signal").is_empty(), "one call, one signal");
    // Of a call that fails, whatever it asked for, nothing comes.
    let failed = story.next(1);
    story.ends(1, failed, kill, &args, None, |_| {}, &[]);
    story.ends(1, failed, kill, &args, Some(-1), |_| {}, &[]);
    gets(&mut story, 2, SIGUSR1, 100);
    assert!(story.seen.take("signal").is_empty());
}

#[test]
fn who_sent_it_is_told_by_who_got_it() {
    let mut story = with_children(&[2, 3, 4]);
    let third = story.call(3, kill, &[102, SIGUSR1], 0);
    let fourth = story.call(4, kill, &[102, SIGUSR1], 0);
    let to_thread = story.call(3, tgkill, &[102, 102, SIGUSR1], 0);
    let got = [
        gets_as(&mut story, 2, SIGUSR1, (SI_TKILL, 103)),
        gets(&mut story, 2, SIGUSR1, 104),
        gets(&mut story, 2, SIGUSR1, 103),
    ];
    // What the fourth sent came first, and so nothing of what the third had sent.
    assert_eq!(
        story.seen.take("signal"),
        [format!("3/{to_thread}-2/{}", got[0]), format!("4/{fourth}-2/{}", got[1])]
    );
    assert!(third < to_thread);
}

#[test]
fn equal_standard_signals_become_one_and_real_time_signals_wait_in_order() {
    let mut story = with_children(&[2]);
    let first = story.call(1, kill, &[102, SIGUSR1], 0);
    story.call(1, kill, &[102, SIGUSR1], 0);
    story.call(2, unshare, &[0], 0);
    let got = gets(&mut story, 2, SIGUSR1, 100);
    let next = story.call(1, kill, &[102, SIGUSR1], 0);
    let got_next = gets(&mut story, 2, SIGUSR1, 100);
    assert_eq!(
        story.seen.take("signal"),
        [format!("1/{first}-2/{got}"), format!("1/{next}-2/{got_next}")]
    );
    let queued = |story: &mut Story| {
        story.call_with(1, rt_sigqueueinfo, &[102, SIGRTMIN, 8], 0, |record| {
            let info = info(SIGRTMIN, SI_QUEUE, 100);
            record.piece(2, Role::Struct, Phase::Entry, State::Whole, &info);
        })
    };
    let sent = [queued(&mut story), queued(&mut story)];
    story.call(2, unshare, &[0], 0);
    let got = [(); 2].map(|()| gets_as(&mut story, 2, SIGRTMIN, (SI_QUEUE, 100)));
    assert_eq!(
        story.seen.take("signal"),
        [format!("1/{}-2/{}", sent[0], got[0]), format!("1/{}-2/{}", sent[1], got[1])]
    );
}

#[test]
fn nothing_but_its_end_tells_of_sigkill() {
    let mut story = with_children(&[2]);
    let made = story.next(2);
    story.start(3, [103, 102, 2, 2, made], Origin::Thread);
    story.ends(2, made, clone, &[0x10f00], Some(103), |_| {}, &[]);
    let sent = story.call(1, kill, &[102, SIGKILL], 0);
    story.happens(Kind::Exit, 3, [0, SIGKILL, 0, 0, 0, 0]);
    story.happens(Kind::Exit, 2, [0, SIGKILL, 0, 0, 0, 0]);
    assert_eq!(story.seen.take("signal"), [format!("1/{sent}-3/1"), format!("1/{sent}-2/2")]);
    // Who kills itself never returns.
    let own = story.next(1);
    story.ends(1, own, kill, &[100, SIGKILL], None, |_| {}, &[]);
    story.happens(Kind::Exit, 1, [0, SIGKILL, 0, 0, 0, 0]);
    assert_eq!(story.seen.take("signal"), [format!("1/{own}-1/{}", own + 1)]);
}

#[test]
fn a_group_gets_what_is_sent_to_it() {
    let mut story = with_children(&[2, 3, 4]);
    story.call(2, setpgid, &[0, 0], 0);
    story.call(1, setpgid, &[103, 102], 0);
    story.call(4, setsid, &[], 104);
    let alone = story.call(1, kill, &[104, SIGTERM], 0);
    let all = story.call(1, kill, &[-102i64 as u64, SIGTERM], 0);
    let got = [2, 3, 4].map(|task| gets(&mut story, task, SIGTERM, 100));
    assert_eq!(
        story.seen.take("signal"),
        [
            format!("1/{all}-2/{}", got[0]),
            format!("1/{all}-3/{}", got[1]),
            format!("1/{alone}-4/{}", got[2]),
        ]
    );
    let own = story.call(2, kill, &[0, SIGHUP], 0);
    let got = [2, 3, 4].map(|task| gets(&mut story, task, SIGHUP, 102));
    assert_eq!(
        story.seen.take("signal"),
        [format!("2/{own}-2/{}", got[0]), format!("2/{own}-3/{}", got[1])]
    );
}

#[test]
fn a_namespace_has_numbers_of_its_own() {
    let mut story = with_children(&[2]);
    story.forks(2, 3);
    story.forks(2, 4);
    let mut batch = crate::event::Batch::new();
    for (task, own) in [(2, 1), (3, 2), (4, 3)] {
        let fields = [(FactKey::NsPid, Value::Number(own))];
        batch.push_fact(fact(FactKind::Ids, task, 0, &fields));
    }
    story.feed(&batch);
    let inside = story.call(3, kill, &[3, SIGTERM], 0);
    let outside = story.call(1, kill, &[104, SIGUSR1], 0);
    // Who is not in the receiver's namespace has no number there.
    let got = [gets(&mut story, 4, SIGTERM, 2), gets(&mut story, 4, SIGUSR1, 0)];
    assert_eq!(
        story.seen.take("signal"),
        [format!("3/{inside}-4/{}", got[0]), format!("1/{outside}-4/{}", got[1])]
    );
}

#[test]
fn a_pidfd_names_a_process() {
    let mut story = with_children(&[2, 3]);
    story.call(1, pidfd_open, &[103, 0], 5);
    let sent = story.call(1, pidfd_send_signal, &[5, SIGTERM, 0, 0], 0);
    gets(&mut story, 2, SIGTERM, 100);
    let got = gets(&mut story, 3, SIGTERM, 100);
    assert_eq!(story.seen.take("signal"), [format!("1/{sent}-3/{got}")]);
}

#[test]
fn one_can_wait_for_a_signal() {
    let mut story = with_children(&[2]);
    let sent = story.call(1, kill, &[102, SIGTERM], 0);
    let waited = story.call_with(2, rt_sigtimedwait, &[8, 8], SIGTERM as i64, |record| {
        whole(record, 1, Role::Struct, &info(SIGTERM, 0, 100));
    });
    story.call(2, rt_sigtimedwait, &[8, 0], -11);
    assert_eq!(story.seen.take("signal"), [format!("1/{sent}-2/{waited}")]);
}

#[test]
fn a_child_s_end_leads_to_the_signal_that_tells_of_it() {
    let mut story = with_children(&[2, 3]);
    story.happens(Kind::Exit, 2, [0; 6]);
    story.happens(Kind::Exit, 3, [0; 6]);
    // It was waited for before its parent took the signal.
    story.call_with(1, wait4, &[u64::MAX, 8, 0], 102, |record| {
        whole(record, 1, Role::Struct, &[0; 4]);
    });
    let got = [102, 103].map(|pid| gets_as(&mut story, 1, SIGCHLD, (CLD_EXITED, pid)));
    gets_as(&mut story, 1, SIGCHLD, (CLD_EXITED, 999));
    assert_eq!(
        story.seen.take("signal"),
        [format!("2/1-1/{}", got[0]), format!("3/1-1/{}", got[1])]
    );
    assert!(story.flow.state().process(TaskId(2)).is_none());
}
