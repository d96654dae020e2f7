//! What real clients say first, as their protocols' documents have it, in whole and in
//! pieces; and bytes of any kind.

use proptest::prelude::*;

use super::System;
use super::conversation::{Conversation, News};
use super::stream::Part::{self, Bytes, Gap};

fn heard(usual: Option<System>, calls: &[&[Part<'_>]]) -> Vec<String> {
    let mut conversation = Conversation::new(false);
    let news = calls.iter().flat_map(|parts| conversation.hear(usual, parts));
    news.map(|one| shown(&one)).collect()
}

fn shown(news: &News) -> String {
    let text = |bytes: &Option<Vec<u8>>| {
        bytes.as_deref().map_or("?".into(), |bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    match news {
        News::Session { system, name, user, certain } => {
            let doubt = if *certain { "" } else { " perhaps" };
            format!("{} {} as {}{doubt}", system.name(), text(name), text(user))
        }
        News::Statement { text, whole } => {
            let text = String::from_utf8_lossy(text);
            format!("{text}{}", if *whole { "" } else { "…" })
        }
    }
}

/// The same, sent at once, and in pieces of each size.
fn assert_heard(bytes: &[u8], expected: &[&str]) {
    for size in [1, 2, 3, 7, 16, bytes.len()] {
        let calls: Vec<[Part<'_>; 1]> = bytes.chunks(size).map(|chunk| [Bytes(chunk)]).collect();
        let calls: Vec<&[Part<'_>]> = calls.iter().map(<[Part<'_>; 1]>::as_slice).collect();
        assert_eq!(heard(None, &calls), expected, "in pieces of {size}");
    }
}

fn startup(parameters: &[&str]) -> Vec<u8> {
    let mut body = 196_608_u32.to_be_bytes().to_vec();
    for word in parameters {
        body.extend_from_slice(word.as_bytes());
        body.push(0);
    }
    body.push(0);
    [&(body.len() as u32 + 4).to_be_bytes()[..], &body].concat()
}

fn typed(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind], &(body.len() as u32 + 4).to_be_bytes()[..], body].concat()
}

const SSL_REQUEST: &[u8] = &[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f];

#[test]
fn postgres_names_user_and_database_and_asks() {
    let start = startup(&["user", "ann", "database", "shop", "application_name", "psql"]);
    let query = typed(b'Q', b"SELECT 1\0");
    let parse = typed(b'P', b"name\0INSERT INTO t VALUES ($1)\0\0\0");
    let bind = typed(b'B', b"\0name\0\0\0\0\0\0\0");
    let all = [SSL_REQUEST, &start, &typed(b'p', b"secret\0"), &query, &parse, &bind].concat();
    assert_heard(&all, &["PostgreSQL shop as ann", "SELECT 1", "INSERT INTO t VALUES ($1)"]);
    assert_heard(&startup(&["user", "ann"]), &["PostgreSQL ann as ann"]);
}

#[test]
fn postgres_may_encrypt() {
    let hello = [SSL_REQUEST, b"\x16\x03\x01\x02\0\x01\0\x01\xfc"].concat();
    assert_heard(&hello, &["PostgreSQL ? as ?"]);
}

#[test]
fn what_was_cut_is_not_made_up() {
    let start = startup(&["user", "ann", "database", "shop"]);
    let cut: &[Part<'_>] = &[Bytes(&start[..20]), Gap(start.len() as u64 - 20)];
    let query = typed(b'Q', b"SELECT 'long' || 'er'\0");
    let asked: &[Part<'_>] = &[Bytes(&query[..14]), Gap(query.len() as u64 - 14)];
    let next = typed(b'Q', b"SELECT 2\0");
    assert_eq!(
        heard(None, &[cut, asked, &[Bytes(&next)]]),
        ["PostgreSQL ? as ann", "SELECT 'l…", "SELECT 2"]
    );
    // A batch of which only the first was kept: the next call begins anew.
    let two: &[Part<'_>] = &[Bytes(&query), Gap(9)];
    let whole = startup(&["user", "ann", "database", "shop"]);
    assert_eq!(
        heard(None, &[&[Bytes(&whole)], two, &[Bytes(&next)]]),
        ["PostgreSQL shop as ann", "SELECT 'long' || 'er'", "SELECT 2"]
    );
}

#[test]
fn an_address_makes_a_candidate_where_nothing_is_known() {
    let usual = Some(System::PostgreSql);
    assert_eq!(heard(usual, &[&[Gap(80)], &[Gap(9)]]), ["PostgreSQL ? as ? perhaps"]);
    assert_eq!(heard(usual, &[&[Bytes(&[0, 0, 0]), Gap(80)]]), ["PostgreSQL ? as ? perhaps"]);
    let tls =
        heard(Some(System::Redis), &[&[Bytes(b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03random")]]);
    assert_eq!(tls, ["Redis ? as ? perhaps"]);
    assert!(heard(usual, &[&[Bytes(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")]]).is_empty());
    assert!(heard(None, &[&[Gap(80)]]).is_empty());
}

fn packet(number: u8, body: &[u8]) -> Vec<u8> {
    let len = (body.len() as u32).to_le_bytes();
    [&len[..3], &[number], body].concat()
}

/// A handshake response with these capabilities beside CLIENT_PROTOCOL_41.
fn response(capabilities: u32, rest: &[u8]) -> Vec<u8> {
    let flags = (capabilities | 1 << 9).to_le_bytes();
    let body = [&flags[..], &[0, 0, 0, 1, 33], &[0; 23], rest].concat();
    packet(1, &body)
}

#[test]
fn mysql_names_user_and_schema_and_asks() {
    let lenenc = 1 << 3 | 1 << 21;
    let start = response(lenenc, b"ann\0\x03abcshop\0mysql_native_password\0");
    let commands = [
        start,
        packet(3, b"more of the handshake"),
        packet(0, b"\x03SELECT 1"),
        packet(0, b"\x16INSERT INTO t VALUES (?)"),
        packet(0, b"\x02other"),
        packet(0, b"\x03use `third`;"),
        packet(0, b"\x03USE"),
        packet(0, b"\x01"),
    ];
    let expected = [
        "MySQL shop as ann",
        "SELECT 1",
        "INSERT INTO t VALUES (?)",
        "MySQL other as ann",
        "use `third`;",
        "MySQL third as ann",
        "USE",
    ];
    assert_heard(&commands.concat(), &expected);
    let secure = response(1 << 3 | 1 << 15, b"ann\0\x02\x01\x02shop\0");
    assert_heard(&secure, &["MySQL shop as ann"]);
    assert_heard(&response(1 << 15, b"ann\0\x00"), &["MySQL ? as ann"]);
    assert_heard(&response(1 << 11, b""), &["MySQL ? as ?"]);
    let attributes = [response(1 << 27, b"ann\0\0"), packet(0, b"\x03\x00\x01SELECT 2")];
    assert_heard(&attributes.concat(), &["MySQL ? as ann", "SELECT 2"]);
}

#[test]
fn redis_selects() {
    let ping = b"*1\r\n$4\r\nPING\r\n";
    assert_heard(ping, &["Redis 0 as ?"]);
    let all = b"*2\r\n$4\r\nAUTH\r\n$1\r\ns\r\n*2\r\n$6\r\nselect\r\n$1\r\n5\r\n\
        *3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\n\r\n\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n";
    assert_heard(all, &["Redis 5 as default"]);
    let hello = b"*5\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$3\r\nann\r\n$1\r\nx\r\n";
    assert_heard(&[&hello[..], ping].concat(), &["Redis 0 as ann"]);
    // Behind a gap another one may be selected.
    let lost: &[Part<'_>] = &[Bytes(ping), Gap(30)];
    assert_eq!(heard(None, &[lost, &[Bytes(ping)]]), ["Redis 0 as ?", "Redis ? as ?"]);
}

fn element(kind: u8, name: &str, value: &[u8]) -> Vec<u8> {
    [&[kind], name.as_bytes(), &[0], value].concat()
}

fn string(name: &str, value: &str) -> Vec<u8> {
    let len = (value.len() as u32 + 1).to_le_bytes();
    element(2, name, &[&len[..], value.as_bytes(), &[0]].concat())
}

fn document(elements: &[Vec<u8>]) -> Vec<u8> {
    let body = elements.concat();
    [&(body.len() as u32 + 5).to_le_bytes()[..], &body, &[0]].concat()
}

fn mongo(code: u32, body: &[u8]) -> Vec<u8> {
    let head = [body.len() as u32 + 16, 7, 0, code].map(u32::to_le_bytes).concat();
    [head, body.to_vec()].concat()
}

#[test]
fn mongo_says_which_database_in_each_command() {
    let hello = document(&[
        element(0x10, "isMaster", &[1, 0, 0, 0]),
        string("saslSupportedMechs", "admin.ann"),
    ]);
    let query = [&[0; 4][..], b"admin.$cmd\0", &[0; 4], &[255; 4], &hello].concat();
    let inserted = document(&[element(7, "_id", &[1; 12]), element(8, "b", &[1])]);
    let many =
        [&(inserted.len() as u32 + 14).to_le_bytes()[..], b"documents\0", &inserted].concat();
    let insert = document(&[
        string("insert", "orders"),
        element(3, "lsid", &document(&[element(5, "id", &[2, 0, 0, 0, 4, 9, 9])])),
        element(1, "d", &[0; 8]),
        string("$db", "shop"),
    ]);
    let message = [&[0; 4][..], &[1], &many, &[0], &insert].concat();
    assert_heard(&[mongo(2004, &query), mongo(2013, &message)].concat(), &["MongoDB shop as ann"]);
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn tds(kind: u8, status: u8, body: &[u8]) -> Vec<u8> {
    let len = (body.len() as u16 + 8).to_be_bytes();
    [&[kind, status], &len[..], &[0, 0, 1, 0], body].concat()
}

fn prelogin() -> Vec<u8> {
    tds(0x12, 1, &[0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 9, 0, 0, 0, 0, 0, 2])
}

#[test]
fn sql_server_logs_in_and_asks() {
    let (user, name) = (utf16("ann"), utf16("shop"));
    let mut login = vec![0; 94];
    for (at, from, len) in [(40, 94, 3), (68, 100, 4)] {
        login[at..at + 4].copy_from_slice(&[from, 0, len, 0]);
    }
    login.extend([user, name].concat());
    login[0] = login.len() as u8;
    let headers = [&22_u32.to_le_bytes()[..], &18_u32.to_le_bytes(), &[2, 0], &[0; 12]].concat();
    let (one, two) = (utf16("SELECT "), utf16("'é'"));
    let batch = [tds(1, 0, &[headers, one].concat()), tds(1, 1, &two)].concat();
    let old = tds(1, 1, &utf16("SELECT 2"));
    let all = [prelogin(), tds(0x10, 1, &login), batch, old].concat();
    assert_heard(&all, &["SQL Server shop as ann", "SELECT 'é'", "SELECT 2"]);
}

#[test]
fn sql_server_may_encrypt_the_login_alone() {
    let all = [
        prelogin(),
        tds(0x12, 1, b"\x16\x03\x03\0\x01hello"),
        b"\x17\x03\x03\0\x04abcd".to_vec(),
        tds(1, 1, &utf16("SELECT 3")),
    ];
    assert_heard(&all.concat(), &["SQL Server ? as ?", "SELECT 3"]);
}

fn tns(kind: u8, body: &[u8]) -> Vec<u8> {
    [&(body.len() as u16 + 8).to_be_bytes()[..], &[0, 0, kind, 0, 0, 0], body].concat()
}

#[test]
fn oracle_is_told_a_service() {
    let text = b"(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=shop)(CID=(PROGRAM=x)(USER=os)))\
        (ADDRESS=(PROTOCOL=TCP)(HOST=h)(PORT=1521)))";
    let mut head = vec![0; 50];
    head[..2].copy_from_slice(&319_u16.to_be_bytes());
    head[16..18].copy_from_slice(&(text.len() as u16).to_be_bytes());
    head[19] = 58;
    assert_heard(&tns(1, &[&head[..], text].concat()), &["Oracle shop as ?"]);
    // A long one comes behind.
    let later = [tns(1, &head), tns(6, &[&[0, 0][..], b"(CONNECT_DATA=(sid = XE))"].concat())];
    assert_heard(&later.concat(), &["Oracle ? as ?"]);
    let later = [tns(1, &head), tns(6, &[&[0, 0][..], b"(CONNECT_DATA=(sid=XE))"].concat())];
    assert_heard(&later.concat(), &["Oracle XE as ?"]);
}

/// The starts of all protocols, so that what follows is taken for theirs.
fn starts() -> Vec<Vec<u8>> {
    vec![
        Vec::new(),
        startup(&["user", "ann"]),
        SSL_REQUEST.to_vec(),
        response(1 << 3 | 1 << 21, b"ann\0\0shop\0"),
        response(1 << 27, b"ann\0\0"),
        b"*1\r\n$4\r\nPING\r\n".to_vec(),
        mongo(2013, &[0, 0, 0, 0, 0, 5, 0, 0, 0, 0]),
        prelogin(),
        tns(1, &[&[1, 0x3f][..], &[0; 40]].concat()),
    ]
}

fn part() -> impl Strategy<Value = Result<Vec<u8>, u64>> {
    let header = prop_oneof![
        Just(b"Q".to_vec()),
        Just(b"*3\r\n$".to_vec()),
        Just(vec![5, 0, 0, 0, 3]),
        Just(vec![1, 1, 0]),
        Just(vec![30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xdd, 7, 0, 0]),
    ];
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..60).prop_map(Ok),
        header.prop_map(Ok),
        prop_oneof![0..90_u64, any::<u64>()].prop_map(Err),
    ]
}

proptest! {
    #[test]
    fn anything_may_be_sent(
        start in proptest::sample::select(starts()),
        calls in proptest::collection::vec(proptest::collection::vec(part(), 0..4), 0..8),
    ) {
        let mut conversation = Conversation::new(false);
        conversation.hear(Some(System::MySql), &[Bytes(&start)]);
        for call in &calls {
            let parts: Vec<_> = call
                .iter()
                .map(|part| part.as_ref().map_or_else(|gap| Gap(*gap), |bytes| Bytes(bytes)))
                .collect();
            conversation.hear(Some(System::MySql), &parts);
        }
    }

    #[test]
    fn where_calls_begin_changes_nothing(
        start in proptest::sample::select(starts()),
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        cuts in proptest::collection::vec(0..250_usize, 0..6),
    ) {
        let all = [start, bytes].concat();
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(all.len())).collect();
        cuts.extend([0, all.len()]);
        cuts.sort_unstable();
        let calls: Vec<_> = cuts.windows(2).map(|cut| [Bytes(&all[cut[0]..cut[1]])]).collect();
        let calls: Vec<&[Part<'_>]> = calls.iter().map(<[Part<'_>; 1]>::as_slice).collect();
        prop_assert_eq!(heard(None, &calls), heard(None, &[&[Bytes(&all)]]));
    }
}
