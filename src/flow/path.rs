//! Paths made absolute.

/// Writes into `out` the absolute form of `path` as seen from the directory
/// `base` by a process whose root is `root` (all as the tracer sees them).
///
/// Empty and `.` components go; `..` takes away the component before it, but
/// never leaves the root. That is what the kernel does unless the component is a
/// symbolic link; where one matters, a fact names the real path.
pub(super) fn absolute(root: &[u8], base: &[u8], path: &[u8], out: &mut Vec<u8>) {
    let root = root.strip_suffix(b"/").unwrap_or(root);
    out.clear();
    if path.first() == Some(&b'/') {
        out.extend_from_slice(root);
    } else {
        out.extend_from_slice(base.strip_suffix(b"/").unwrap_or(base));
    }
    let inside_root = out.starts_with(root);
    let floor = if inside_root { root.len() } else { 0 };
    for component in path.split(|byte| *byte == b'/') {
        match component {
            b"" | b"." => {}
            b".." => {
                let parent = out.iter().rposition(|byte| *byte == b'/').unwrap_or_default();
                out.truncate(parent.max(floor));
            }
            name => {
                out.push(b'/');
                out.extend_from_slice(name);
            }
        }
    }
    if out.is_empty() {
        out.push(b'/');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(root: &str, base: &str, path: &str) -> String {
        let mut out = Vec::new();
        absolute(root.as_bytes(), base.as_bytes(), path.as_bytes(), &mut out);
        String::from_utf8(out).expect("made of text")
    }

    #[test]
    fn relative_paths_stand_on_their_directory() {
        assert_eq!(path("/", "/home/me", "a/b"), "/home/me/a/b");
        assert_eq!(path("/", "/", "a"), "/a");
        assert_eq!(path("/", "/home/me", "/etc//./passwd"), "/etc/passwd");
        assert_eq!(path("/", "/home/me", "../you/"), "/home/you");
        assert_eq!(path("/", "/home", "."), "/home");
    }

    #[test]
    fn dots_never_leave_the_root() {
        assert_eq!(path("/", "/a", "../../../b"), "/b");
        assert_eq!(path("/", "/", ".."), "/");
        assert_eq!(path("/jail", "/jail/x", "/../etc"), "/jail/etc");
        assert_eq!(path("/jail", "/jail/x", "../.."), "/jail");
        // A directory held open from before the chroot lies outside.
        assert_eq!(path("/jail", "/out/x", "../y"), "/out/y");
    }
}
