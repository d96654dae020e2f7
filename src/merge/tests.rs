//! Links between runs that are made up: matches, and traps that look like them.

use std::net::SocketAddr;

use super::index::End;
use super::traffic::{Role, Traffic};
use super::*;
use crate::event::TaskId;
use crate::flow::graph::Amount;
use crate::flow::{Identity, ResourceId};
use crate::log::{Clock, Host};

const MS: u64 = 1_000_000;
const SECOND: u64 = 1000 * MS;
/// When all of them began, if their clocks are right.
const START: u64 = 1_700_000_000 * SECOND;

/// A run on a machine of its own.
fn run(number: u8) -> Index {
    let host = Host {
        name: format!("host{number}").into_bytes(),
        machine_id: format!("machine{number}"),
        boot_id: format!("boot{number}"),
        addresses: vec!["127.0.0.1".into(), format!("10.0.0.{number}")],
        ..Host::default()
    };
    Index {
        source: 0,
        run: [number; 16],
        host,
        clock: Clock { realtime: START, monotonic: 500 * SECOND },
        command: vec![b"x".to_vec()],
        end: 100 * SECOND,
        things: Vec::new(),
        offers: Vec::new(),
        records: 1,
        network: Some(b"net:[1]".to_vec()),
        ends: Vec::new(),
        listens: Vec::new(),
        followed: Vec::new(),
        sessions: Vec::new(),
    }
}

/// A later run on the same machine, without a start of that between.
fn again(index: &Index, number: u8, after: u64) -> Index {
    let mut later = run(number);
    later.host = index.host.clone();
    later.clock.realtime = index.clock.realtime + after;
    later.clock.monotonic = index.clock.monotonic + after;
    later
}

fn thing(index: &mut Index, class: &'static str, name: &str) -> usize {
    let thing = Thing::Resource(ResourceId::from_index(index.things.len()));
    index.things.push(Named {
        thing,
        class,
        name: name.into(),
        identity: None,
        born: None,
        place: None,
        may_be_remote: false,
    });
    index.things.len() - 1
}

fn offer(index: &mut Index, reason: Reason, thing: usize, key: &str) {
    let (key, confidence, is_own) = (key.into(), reason.confidence(), false);
    index.offers.push(Offer { reason, key, thing, confidence, is_own });
}

fn own(index: &mut Index, reason: Reason, thing: usize, key: &str) {
    offer(index, reason, thing, key);
    index.offers.last_mut().expect("just offered").is_own = true;
}

/// One end, that began then, and sent and received so much, with its answers a millisecond
/// after what was asked.
fn end(index: &mut Index, role: Role, addresses: [&str; 2], at: u64, bytes: [u64; 2]) -> usize {
    let name = addresses.join(" ");
    let thing = thing(index, "socket", &name);
    let [local, remote] = addresses.map(|text| text.parse::<SocketAddr>().expect("an address"));
    let mut traffic =
        Traffic { role: Some(role), opened: Some((at, Some(at + MS))), ..Traffic::default() };
    traffic.touched(at, at + 5 * MS);
    let call = |way: &mut Direction, amount, at| {
        way.moved(Amount::exact(amount), at, at + MS / 10, TaskId(1));
    };
    let [sent, received] = bytes;
    if role == Role::Connects {
        call(&mut traffic.sent, sent, at + 2 * MS);
        call(&mut traffic.received, received, at + 4 * MS);
    } else {
        call(&mut traffic.received, received, at + 2 * MS);
        call(&mut traffic.sent, sent, at + 3 * MS);
    }
    let socket = ResourceId::from_index(thing);
    index.ends.push(End { thing, socket, protocol: "TCP", local, remote, traffic });
    thing
}

/// `reason NAME = NAME CONFIDENCE` of all links but those of machines.
fn found(runs: &[&Index]) -> Vec<String> {
    let merged = merge(runs.iter().map(|run| (*run).clone()).collect());
    let mut reversed: Vec<_> = runs.iter().map(|run| (*run).clone()).collect();
    reversed.reverse();
    assert_eq!(merge(reversed).links, merged.links, "the order of the logs matters");
    shown(&merged)
}

fn shown(merged: &Merged) -> Vec<String> {
    let name = |end: (usize, usize)| {
        let index = &merged.runs[end.0];
        let name = merged.thing(end).map(|named| String::from_utf8_lossy(&named.name).into_owned());
        format!("{}:{}", index.run[0], name.unwrap_or_default())
    };
    let lines = merged.links.iter().map(|link| {
        let [one, other] = link.ends.map(name);
        format!("{} {one} = {other} {}", link.reason.name(), link.confidence)
    });
    lines.collect()
}

const CLIENT: [&str; 2] = ["10.0.0.1:40000", "10.0.0.2:80"];
const SERVER: [&str; 2] = ["10.0.0.2:80", "10.0.0.1:40000"];

#[test]
fn both_ends_of_a_connection_are_found_and_say_what_clocks_differ_by() {
    for ahead in [0, 3 * MS, 3 * SECOND, 86_400 * SECOND] {
        let (mut one, mut two) = (run(1), run(2));
        two.clock.realtime += ahead;
        for number in 0..2 {
            end(&mut one, Role::Connects, CLIENT, SECOND + number * 10 * SECOND, [10, 20]);
            end(&mut two, Role::Accepts, SERVER, SECOND + number * 10 * SECOND, [20, 10]);
        }
        let links = found(&[&one, &two]);
        assert_eq!(links.len(), 2, "{ahead}: {links:#?}");
        assert!(links.iter().all(|link| link.ends_with("97")), "{links:#?}");
        let merged = merge(vec![one, two]);
        let clock = merged.clocks[1];
        let error = clock.error.expect("it is known");
        assert!(clock.ahead.abs_diff(ahead as i64) <= error && error < 20 * MS, "{clock:?}");
        assert!(merged.conflicts.is_empty());
    }
}

#[test]
fn ports_that_are_used_again_at_other_times_are_other_connections() {
    let (mut one, mut two) = (run(1), run(2));
    end(&mut one, Role::Connects, CLIENT, SECOND, [10, 20]);
    end(&mut two, Role::Accepts, SERVER, 31 * SECOND, [20, 11]);
    assert_eq!(found(&[&one, &two]), [""; 0]);
    // Each of many finds its own, whatever the clocks say.
    for number in 0..5 {
        end(&mut one, Role::Connects, CLIENT, (40 + 7 * number) * SECOND, [10, 20]);
        end(&mut two, Role::Accepts, SERVER, (40 + 7 * number) * SECOND, [20, 10]);
    }
    two.clock.realtime += 14 * SECOND;
    let merged = merge(vec![one, two]);
    let connections: Vec<_> = merged.joints().map(|joint| joint.sockets).collect();
    let index = ResourceId::from_index;
    let expected: Vec<_> = (1..6).map(|number| [index(number), index(number)]).collect();
    assert_eq!(connections, expected);
}

#[test]
fn an_end_is_no_end_of_two_and_two_clients_are_none() {
    let (mut one, mut two, mut three) = (run(1), run(2), run(3));
    end(&mut one, Role::Connects, CLIENT, SECOND, [10, 20]);
    end(&mut two, Role::Accepts, SERVER, SECOND, [20, 10]);
    end(&mut three, Role::Connects, SERVER, SECOND, [20, 10]);
    assert_eq!(found(&[&one, &three]), [""; 0]);
    assert_eq!(found(&[&one, &two, &three]).len(), 1);
}

#[test]
fn loopback_is_another_machine_on_each() {
    let ends = [["127.0.0.1:40000", "127.0.0.1:80"], ["127.0.0.1:80", "127.0.0.1:40000"]];
    let (mut one, mut two) = (run(1), run(2));
    end(&mut one, Role::Connects, ends[0], SECOND, [10, 20]);
    end(&mut two, Role::Accepts, ends[1], SECOND, [20, 11]);
    assert_eq!(found(&[&one, &two]), [""; 0]);
    let mut beside = again(&one, 3, 0);
    end(&mut beside, Role::Accepts, ends[1], SECOND, [20, 10]);
    assert_eq!(found(&[&one, &beside]).len(), 1);
    beside.network = Some(b"net:[2]".to_vec());
    beside.ends[0].traffic.sent.amount = Amount::exact(7);
    assert_eq!(found(&[&one, &beside]), [""; 0]);
}

#[test]
fn ends_behind_nat_are_candidates() {
    let (mut one, mut two) = (run(1), run(2));
    end(&mut one, Role::Connects, ["192.168.0.5:40000", "10.0.0.2:80"], SECOND, [10, 20]);
    end(&mut two, Role::Accepts, ["10.0.0.2:80", "10.0.0.9:40000"], SECOND, [20, 10]);
    assert_eq!(found(&[&one, &two]).len(), 1);
    assert!(found(&[&one, &two])[0].starts_with("nat "));
    // Others from behind the same address, at the same time, with as many bytes.
    end(&mut one, Role::Connects, ["192.168.0.5:40001", "10.0.0.2:80"], SECOND, [10, 20]);
    end(&mut two, Role::Accepts, ["10.0.0.2:80", "10.0.0.9:40001"], SECOND, [20, 10]);
    assert!(found(&[&one, &two]).iter().all(|link| link.ends_with("37")));
    // With other bytes, or at other times, it is another one.
    let mut other = run(3);
    end(&mut other, Role::Accepts, ["10.0.0.2:80", "10.0.0.9:40000"], SECOND, [20, 11]);
    assert_eq!(found(&[&one, &other]), [""; 0]);
}

#[test]
fn ends_with_other_addresses_at_both_are_candidates_by_their_bytes() {
    let (mut one, mut two) = (run(1), run(2));
    end(&mut one, Role::Connects, ["192.168.0.5:40000", "1.2.3.4:443"], SECOND, [1234, 98765]);
    end(&mut two, Role::Accepts, ["10.0.0.2:80", "10.0.0.9:50000"], SECOND, [98765, 1234]);
    let links = found(&[&one, &two]);
    assert!(links.len() == 1 && links[0].starts_with("relay "), "{links:?}");
    end(&mut two, Role::Accepts, ["10.0.0.2:80", "10.0.0.9:50001"], SECOND, [98765, 1234]);
    assert_eq!(found(&[&one, &two]), [""; 0], "either may be it");
}

#[test]
fn files_are_one_by_their_inodes_and_not_by_their_content() {
    let (mut one, mut two) = (run(1), run(2));
    let mut same = again(&one, 3, 10 * SECOND);
    for index in [&mut one, &mut two, &mut same] {
        let file = thing(index, "file", "/srv/x");
        index.things[file].identity = Some(Identity { device: 8, inode: 77 });
        index.things[file].born = Some(5);
        let boot = index.host.boot_id.clone();
        offer(index, Reason::Inode, file, &[&boot, " 8 77"].concat());
        offer(index, Reason::Content, file, "abcd 5 1700000000");
    }
    assert_eq!(found(&[&one, &two, &same]), ["inode 1:/srv/x = 3:/srv/x 97"]);
    same.things[0].born = Some(6);
    assert_eq!(found(&[&one, &same]), [""; 0], "the number was used again");
    two.things[0].may_be_remote = true;
    assert_eq!(found(&[&one, &two]), ["content 1:/srv/x = 2:/srv/x 70"]);
}

#[test]
fn a_name_that_leads_to_another_inode_is_another_file() {
    let one = run(1);
    let mut runs = [again(&one, 1, 0), again(&one, 2, SECOND)];
    for (index, name) in runs.iter_mut().zip(["/data/x", "/mnt/x"]) {
        let file = thing(index, "file", name);
        offer(index, Reason::Mount, file, "boot1 8 /data/x");
    }
    assert_eq!(found(&[&runs[0], &runs[1]]), ["mount 1:/data/x = 2:/mnt/x 90"]);
    for (index, inode) in runs.iter_mut().zip([5, 6]) {
        index.things[0].identity = Some(Identity { device: 8, inode });
    }
    assert_eq!(found(&[&runs[0], &runs[1]]), [""; 0]);
}

#[test]
fn databases_are_one_by_server_and_name() {
    let (mut one, mut two, mut three) = (run(1), run(2), run(3));
    let by_address = thing(&mut one, "database", "app at 10.0.0.2");
    offer(&mut one, Reason::Database, by_address, "PostgreSQL 10.0.0.2:5432 app");
    let here = thing(&mut two, "database", "app at a socket");
    offer(&mut two, Reason::Database, here, "machine2 net:[1] PostgreSQL 5432 app");
    own(&mut two, Reason::Database, here, "PostgreSQL 10.0.0.2:5432 app");
    let other = thing(&mut three, "database", "app at a socket");
    offer(&mut three, Reason::Database, other, "machine3 net:[1] PostgreSQL 5432 app");
    own(&mut three, Reason::Database, other, "PostgreSQL 10.0.0.3:5432 app");
    own(&mut three, Reason::Database, other, "PostgreSQL 172.17.0.1:5432 app");
    own(&mut two, Reason::Database, here, "PostgreSQL 172.17.0.1:5432 app");
    let expected = ["database 1:app at 10.0.0.2 = 2:app at a socket 95"];
    assert_eq!(found(&[&one, &two, &three]), expected);
}

#[test]
fn addresses_that_several_machines_have_say_nothing() {
    let (mut one, mut two, mut three) = (run(1), run(2), run(3));
    let host = thing(&mut one, "host", "172.17.0.1");
    offer(&mut one, Reason::Address, host, "172.17.0.1");
    let machine = thing(&mut two, "machine", "host2");
    own(&mut two, Reason::Address, machine, "172.17.0.1");
    assert_eq!(found(&[&one, &two]), ["address 1:172.17.0.1 = 2:host2 85"]);
    let machine = thing(&mut three, "machine", "host3");
    own(&mut three, Reason::Address, machine, "172.17.0.1");
    assert_eq!(found(&[&one, &two, &three]), [""; 0]);
}

#[test]
fn a_copied_machine_is_another_one() {
    let machine = |number, boot: &str, starts: u64| {
        let mut index = run(number);
        index.host.machine_id = "copied".into();
        index.host.boot_id = boot.into();
        index.clock.realtime += starts;
        let machine = thing(&mut index, "machine", "m");
        offer(&mut index, Reason::Machine, machine, "copied");
        let user = thing(&mut index, "user", "user 5");
        offer(&mut index, Reason::User, user, "copied 5");
        index
    };
    let (one, beside) = (machine(1, "a", 0), machine(2, "b", 10 * SECOND));
    assert_eq!(found(&[&one, &beside]), [""; 0], "both ran at the same time");
    let later = machine(3, "c", 1000 * SECOND);
    assert_eq!(found(&[&one, &later]), ["machine 1:m = 3:m 95", "user 1:user 5 = 3:user 5 90"]);
}

#[test]
fn files_of_a_server_are_one_wherever_they_are_mounted() {
    let (mut one, mut two, mut three) = (run(1), run(2), run(3));
    let clients = [(&mut one, "/net/x", "10.0.0.3"), (&mut two, "/mnt/x", "10.0.0.3")];
    for (index, name, server) in clients {
        let file = thing(index, "file", name);
        index.things[file].may_be_remote = true;
        offer(index, Reason::Export, file, &[server, " /export/x"].concat());
    }
    let other = thing(&mut two, "file", "/mnt/y");
    offer(&mut two, Reason::Export, other, "10.0.0.4 /export/x");
    assert_eq!(found(&[&one, &two]), ["export 1:/net/x = 2:/mnt/x 95"]);
    thing(&mut three, "file", "/export/x");
    let expected = [
        "export 1:/net/x = 2:/mnt/x 95",
        "export 1:/net/x = 3:/export/x 85",
        "export 2:/mnt/x = 3:/export/x 85",
    ];
    assert_eq!(found(&[&one, &two, &three]), expected);
}

#[test]
fn a_process_goes_on_from_one_log_to_the_next() {
    let follow = |index: &mut Index, attached, let_go, word: &str| {
        let thing = thing(index, "process", word);
        let argvs = [vec![word.into()], vec![word.into()]];
        index.followed.push(index::Followed { thing, pid: 7, argvs, attached, let_go });
    };
    let (mut one, two) = (run(1), run(2));
    follow(&mut one, Some(1), Some(5 * SECOND), "serve");
    let mut later = again(&one, 3, 20 * SECOND);
    follow(&mut later, Some(1), Some(5 * SECOND), "serve");
    assert_eq!(found(&[&one, &later]), ["process 1:serve = 3:serve 90"]);
    let mut other = again(&one, 4, 20 * SECOND);
    follow(&mut other, Some(1), None, "another program with that number");
    assert_eq!(found(&[&one, &other]), [""; 0]);
    let mut elsewhere = again(&two, 5, 20 * SECOND);
    follow(&mut elsewhere, Some(1), None, "serve");
    assert_eq!(found(&[&one, &elsewhere]), [""; 0]);
}

#[test]
fn clocks_that_no_steady_ones_could_show_are_told_of() {
    let (mut one, mut two) = (run(1), run(2));
    for number in 0..6 {
        let step = if number < 3 { 0 } else { 100 * MS };
        let ends = [format!("10.0.0.1:{}", 40000 + number), "10.0.0.2:80".to_owned()];
        let ends = ends.each_ref().map(String::as_str);
        let at = SECOND + number * 100 * MS;
        end(&mut one, Role::Connects, ends, at, [10, 20]);
        end(&mut two, Role::Accepts, [ends[1], ends[0]], at + step, [20, 10]);
    }
    let merged = merge(vec![one.clone(), two]);
    assert_eq!(merged.joints().count(), 3, "the clock was set: some fit, others do not");
    // A match that cannot be, for its answer came before what was asked.
    let mut three = run(3);
    end(&mut three, Role::Accepts, ["10.0.0.2:80", "10.0.0.1:40000"], SECOND, [20, 10]);
    three.ends[0].traffic.sent.samples[0].start = 90 * SECOND;
    assert_eq!(merge(vec![one, three]).joints().count(), 0);
}

#[test]
fn a_run_that_is_given_twice_or_in_parts_counts_once() {
    let (mut one, mut two) = (run(1), run(2));
    end(&mut one, Role::Connects, CLIENT, SECOND, [10, 20]);
    end(&mut two, Role::Accepts, SERVER, SECOND, [20, 10]);
    let mut part = one.clone();
    (part.records, part.ends) = (0, Vec::new());
    assert_eq!(found(&[&one, &two]), found(&[&part, &two, &one, &two]));
}
