//! Which files another machine owns: mounts, as `/proc/PID/mountinfo` tells them
//! (proc_pid_mountinfo(5)).

use crate::event::{Fact, FactKey, FactKind};

/// The mounts of a run.
///
/// They are those of the moment when the recording began, and those that the run made
/// since by mount(2). Paths are taken as the recorder sees them; `space` tells of mount
/// namespaces that the run made.
#[derive(Debug, Default)]
pub(super) struct Mounts {
    all: Vec<Mount>,
    /// Whether one of them is on another machine.
    has_remote: bool,
}

#[derive(Debug)]
struct Mount {
    point: Vec<u8>,
    /// The file system, by the number that its files have as `st_dev`; not known of what
    /// the run has mounted.
    device: Option<u64>,
    /// The directory of the file system that is seen at the point.
    root: Vec<u8>,
    /// Whether what is in it may be on another machine.
    may_be_remote: bool,
    /// The server and what it exports; `None` for what the machine itself has.
    remote: Option<Remote>,
}

/// Where a path leads to: a file system of the kernel's, and a path in that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnDevice {
    /// The file system, by the number that its files have as `st_dev`.
    pub device: u64,
    /// The path from the root of the file system on.
    pub path: Vec<u8>,
    /// Whether it may be on another machine: on a file server, or in FUSE.
    pub may_be_remote: bool,
}

/// A directory of another machine.
#[derive(Debug, PartialEq, Eq)]
struct Remote {
    server: Vec<u8>,
    path: Vec<u8>,
}

impl Mounts {
    /// Takes the mounts among the facts.
    pub(super) fn take_facts(&mut self, facts: &[Fact]) {
        let mounts = facts.iter().filter(|fact| fact.kind == FactKind::Mount);
        mounts.filter_map(|fact| fact.bytes(FactKey::Text)).for_each(|line| self.take(line));
    }

    /// Takes a line of mountinfo. Of two on one directory the later one is on top.
    pub(super) fn take(&mut self, line: &[u8]) {
        let Some(mount) = parse(line) else { return };
        self.all.retain(|known| known.point != mount.point);
        self.has_remote |= mount.remote.is_some();
        self.all.push(mount);
    }

    /// A call has mounted something: a file system of that kind, from that source.
    pub(super) fn mounted(&mut self, point: Vec<u8>, [kind, source, options]: [&[u8]; 3]) {
        let (device, root, remote) = (None, Vec::new(), remote(kind, source, options));
        let may_be_remote = is_remote(kind, remote.as_ref());
        let mount = Mount { point, device, root, may_be_remote, remote };
        self.has_remote |= mount.remote.is_some();
        self.all.push(mount);
    }

    /// What was mounted there last is gone.
    pub(super) fn unmounted(&mut self, point: &[u8]) {
        if let Some(last) = self.all.iter().rposition(|mount| mount.point == point) {
            self.all.remove(last);
        }
    }

    /// The machine that owns the file at that absolute path, and its path there;
    /// `None` for a file of this one.
    pub(super) fn owner(&self, path: &[u8]) -> Option<(&[u8], Vec<u8>)> {
        if !self.has_remote {
            return None;
        }
        let (mount, rest) = self.above(path)?;
        let remote = mount.remote.as_ref()?;
        Some((&remote.server, joined(&remote.path, rest)))
    }

    /// The file system that an absolute path leads to, and the path there.
    pub(super) fn on_device(&self, path: &[u8]) -> Option<OnDevice> {
        let (mount, rest) = self.above(path)?;
        let (device, may_be_remote) = (mount.device?, mount.may_be_remote);
        Some(OnDevice { device, path: joined(&mount.root, rest), may_be_remote })
    }

    /// The mount that a path is in, and what of the path is below it. Of two on one
    /// directory the later one is on top.
    fn above<'a>(&self, path: &'a [u8]) -> Option<(&Mount, &'a [u8])> {
        let below = self.all.iter().filter_map(|mount| Some((mount, mount.rest_of(path)?)));
        below.max_by_key(|(mount, _)| mount.point.len())
    }
}

impl Mount {
    /// What stands behind the mount point in a path below it: empty, or `/…`.
    fn rest_of<'a>(&self, path: &'a [u8]) -> Option<&'a [u8]> {
        let point = self.point.strip_suffix(b"/").unwrap_or(&self.point);
        path.strip_prefix(point).filter(|rest| matches!(rest.first(), None | Some(b'/')))
    }
}

/// `ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG…] - TYPE SOURCE SUPEROPTIONS`
fn parse(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|byte| *byte == b' ');
    let device = device(fields.nth(2)?)?;
    let root = unescape(fields.next()?);
    let point = unescape(fields.next()?);
    let mut fields = fields.skip_while(|field| *field != b"-").skip(1);
    let kind = fields.next()?;
    let source = unescape(fields.next().unwrap_or_default());
    let options = fields.next().unwrap_or_default();
    let remote = remote(kind, &source, options).map(|mut remote| {
        // A part of what is exported: NFS has it in the source already.
        if root != b"/" && root.first() == Some(&b'/') && !remote.path.ends_with(&root) {
            remote.path = joined(&remote.path, &root);
        }
        remote
    });
    let (may_be_remote, device) = (is_remote(kind, remote.as_ref()), Some(device));
    Some(Mount { point, device, root, may_be_remote, remote })
}

/// Whether files of such a mount may be on another machine.
fn is_remote(kind: &[u8], remote: Option<&Remote>) -> bool {
    remote.is_some() || kind.starts_with(b"fuse") || kind == b"9p"
}

/// `MAJOR:MINOR`, as one number (makedev(3)).
fn device(field: &[u8]) -> Option<u64> {
    let (major, minor) = std::str::from_utf8(field).ok()?.split_once(':')?;
    let (major, minor): (u64, u64) = (major.parse().ok()?, minor.parse().ok()?);
    let high = (major & 0xffff_f000) << 32 | (minor & 0xffff_ff00) << 12;
    Some(high | (major & 0xfff) << 8 | minor & 0xff)
}

/// The server and path of a mount whose files are on another machine.
fn remote(kind: &[u8], source: &[u8], options: &[u8]) -> Option<Remote> {
    match kind {
        // nfs(5), mount.ceph(8), mount.lustre(8), mount.glusterfs(8): server:/path
        b"nfs" | b"nfs4" | b"lustre" | b"fuse.glusterfs" => after_server(source),
        b"ceph" => ceph(source),
        // mount.cifs(8): //server/share. The path keeps both: a share's name is no path
        // of its server.
        b"cifs" | b"smb3" | b"smbfs" => {
            let name = source.strip_prefix(b"//")?;
            let server = name.split(|byte| *byte == b'/').next()?;
            Remote::new(server, source)
        }
        // sshfs(1): [user@]host:[dir]; a directory without a slash is in the user's home.
        b"fuse.sshfs" => sshfs(source),
        b"9p" => plan9(source, options),
        _ => None,
    }
}

impl Remote {
    fn new(server: &[u8], path: &[u8]) -> Option<Self> {
        let server = server.to_vec();
        (!server.is_empty()).then(|| Self { server, path: path.to_vec() })
    }
}

/// `server:/path`; the server may be an IPv6 address in brackets, or several names.
fn after_server(source: &[u8]) -> Option<Remote> {
    let colon = source.windows(2).position(|two| two == b":/")?;
    Remote::new(&source[..colon], &source[colon + 1..])
}

/// `monitors:/path`, or `user@fsid.name=/path` (Linux 5.17): who connects is left out.
fn ceph(source: &[u8]) -> Option<Remote> {
    match source.windows(2).position(|two| two == b"=/") {
        Some(equals) => {
            let cluster = source[..equals].split(|byte| *byte == b'@').next_back()?;
            Remote::new(cluster, &source[equals + 1..])
        }
        None => after_server(source),
    }
}

fn sshfs(source: &[u8]) -> Option<Remote> {
    let at = source.iter().position(|byte| *byte == b'@');
    let (user, rest) = match at {
        Some(at) => (&source[..at], &source[at + 1..]),
        None => (&[][..], source),
    };
    let inside = rest.iter().position(|byte| *byte == b']').unwrap_or_default();
    let colon = inside + rest.get(inside..)?.iter().position(|byte| *byte == b':')?;
    let (server, path) = (&rest[..colon], &rest[colon + 1..]);
    if path.first() == Some(&b'/') {
        return Remote::new(server, path);
    }
    Remote::new(server, &joined(&[b"~", user].concat(), path))
}

/// Over TCP the source is the server's address; over anything else it is a channel of
/// the machine, whose other end is not known (`Documentation/filesystems/9p.rst`).
fn plan9(source: &[u8], options: &[u8]) -> Option<Remote> {
    let value = |name: &[u8]| {
        let mut options = options.split(|byte| *byte == b',');
        options.find_map(|option| option.strip_prefix(name))
    };
    let path = value(b"aname=").unwrap_or(b"/");
    (value(b"trans=") == Some(b"tcp")).then(|| Remote::new(source, path)).flatten()
}

/// One path behind the other, with one slash between them.
fn joined(path: &[u8], rest: &[u8]) -> Vec<u8> {
    let path = path.strip_suffix(b"/").unwrap_or(path);
    match rest {
        [] if path.is_empty() => b"/".to_vec(),
        [] => path.to_vec(),
        [b'/', ..] => [path, rest].concat(),
        _ => [path, b"/", rest].concat(),
    }
}

/// Undoes the kernel's `\040` for a space, and its like.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&byte, after)) = rest.split_first() {
        let code = match after {
            [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] if byte == b'\\' => {
                Some((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'))
            }
            _ => None,
        };
        out.push(code.unwrap_or(byte));
        rest = if code.is_some() { &after[3..] } else { after };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `server path` of a file, with mounts as `ROOT POINT TYPE SOURCE OPTIONS`.
    fn owner(mounts: &[&str], path: &str) -> String {
        let mut all = Mounts::default();
        all.take(b"22 1 8:1 / / rw - ext4 /dev/sda1 rw");
        for mount in mounts {
            let [root, point, kind, source, options] =
                mount.split(' ').collect::<Vec<_>>().try_into().expect("five words");
            let line = format!("36 22 0:40 {root} {point} rw shared:1 - {kind} {source} {options}");
            all.take(line.as_bytes());
        }
        match all.owner(path.as_bytes()) {
            None => "here".into(),
            Some((server, path)) => {
                [String::from_utf8_lossy(server), String::from_utf8_lossy(&path)].join(" ")
            }
        }
    }

    #[test]
    fn what_the_run_mounts_is_another_machines_until_it_is_gone() {
        let mut all = Mounts::default();
        all.mounted(b"/mnt".to_vec(), [b"nfs4", b"srv:/export", b"vers=4.2"]);
        let owner =
            |all: &Mounts| all.owner(b"/mnt/x").map(|(server, path)| (server.to_vec(), path));
        assert_eq!(owner(&all), Some((b"srv".to_vec(), b"/export/x".to_vec())));
        all.mounted(b"/mnt".to_vec(), [b"tmpfs", b"none", b""]);
        assert_eq!(owner(&all), None);
        all.unmounted(b"/mnt");
        all.unmounted(b"/mnt");
        assert_eq!(owner(&all), None);
    }

    #[test]
    fn files_of_servers() {
        for (mount, path, expected) in [
            ("/ /nfs nfs4 srv:/export rw", "/nfs/a/b", "srv /export/a/b"),
            ("/ /nfs nfs4 srv:/ rw", "/nfs/a", "srv /a"),
            ("/ /nfs nfs4 srv:/ rw", "/nfs", "srv /"),
            ("/ /nfs nfs [fd00::1]:/x rw", "/nfs/a", "[fd00::1] /x/a"),
            ("/ /a\\040b nfs srv:/c\\040d rw", "/a b/e", "srv /c d/e"),
            ("/ /nfs nfs srv:/x rw", "/nfsx/a", "here"),
            ("/ /win cifs //files/share rw", "/win/a", "files //files/share/a"),
            ("/sub /win cifs //files/share/sub rw", "/win/a", "files //files/share/sub/a"),
            ("/sub /win cifs //files/share rw", "/win/a", "files //files/share/sub/a"),
            ("/ /ssh fuse.sshfs me@host:/srv rw", "/ssh/a", "host /srv/a"),
            ("/ /ssh fuse.sshfs me@host: rw", "/ssh/a", "host ~me/a"),
            ("/ /ssh fuse.sshfs [fd00::1]:docs rw", "/ssh/a", "[fd00::1] ~/docs/a"),
            ("/ /p 9p 10.0.0.1 rw,trans=tcp,aname=/exp", "/p/a", "10.0.0.1 /exp/a"),
            ("/ /p 9p hostshare rw,trans=virtio", "/p/a", "here"),
            ("/ /p 9p unknown rw", "/p/a", "here"),
            ("/ /c ceph m1:6789,m2:6789:/vol rw", "/c/a", "m1:6789,m2:6789 /vol/a"),
            ("/ /c ceph me@12-34.cephfs=/vol rw", "/c/a", "12-34.cephfs /vol/a"),
            ("/ /m fuse.sshfs nonsense rw", "/m/a", "here"),
        ] {
            assert_eq!(owner(&[mount], path), expected, "{mount} {path}");
        }
    }

    #[test]
    fn the_mount_that_is_nearest_counts() {
        let mounts = ["/ /n nfs srv:/x rw", "/ /n/tmp tmpfs none rw", "/ /n/tmp/y nfs two:/y rw"];
        assert_eq!(owner(&mounts, "/n/tmpx"), "srv /x/tmpx");
        assert_eq!(owner(&mounts, "/n/tmp/a"), "here");
        assert_eq!(owner(&mounts, "/n/tmp/y/a"), "two /y/a");
        assert_eq!(owner(&["/ /n nfs srv:/x rw", "/ /n tmpfs none rw"], "/n/a"), "here");
    }

    #[test]
    fn what_is_mounted_twice_is_one_place() {
        let mut all = Mounts::default();
        all.take(b"22 1 8:1 / / rw - ext4 /dev/sda1 rw");
        all.take(b"40 22 8:1 /srv/data /mnt/data rw - ext4 /dev/sda1 rw");
        let [there, here] = [&b"/srv/data/a"[..], b"/mnt/data/a"].map(|path| all.on_device(path));
        assert_eq!(there, here);
        let place = here.expect("a place");
        assert_eq!((place.device, place.path.as_slice()), (0x801, &b"/srv/data/a"[..]));
        assert!(!place.may_be_remote);
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_taken(line in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80)) {
            let mut mounts = Mounts::default();
            let fields = [&b"1 2 3:4 /r /p rw - "[..], &line].concat();
            mounts.take(&line);
            mounts.take(&fields);
            mounts.owner(b"/p/x");
        }
    }
}
