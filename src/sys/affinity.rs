//! On which processors a task may run (`sched_setaffinity(2)`), and how urgently.

use super::check;
use std::io;

/// Bytes of the longest set that a kernel may have: 8,192 processors (`NR_CPUS`).
const LONGEST: usize = 1024;

/// A set of processors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cpus {
    /// Processor n is bit n % 64 of word n / 64; as many words as the kernel has.
    words: Vec<u64>,
}

impl Cpus {
    /// A set as [`Cpus::words`] gave it.
    pub fn from_words(words: impl IntoIterator<Item = u64>) -> Self {
        Self { words: words.into_iter().collect() }
    }

    /// Its bits, 64 a word.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// One alone, in a set that is as long as this one.
    #[must_use]
    pub fn only(&self, cpu: u16) -> Self {
        let bit = |word: usize| if word == usize::from(cpu) / 64 { 1 << (cpu % 64) } else { 0 };
        Self { words: (0..self.words.len()).map(bit).collect() }
    }

    /// All that there may ever be. The kernel gives a task those of them that its
    /// cpuset allows, as it does for one that never asked for any.
    #[must_use]
    pub fn everywhere(&self) -> Self {
        Self { words: vec![u64::MAX; self.words.len()] }
    }

    /// Whether that one is in it.
    pub fn has(&self, cpu: u16) -> bool {
        self.words.get(usize::from(cpu) / 64).is_some_and(|word| word & 1 << (cpu % 64) != 0)
    }

    /// Whether that one is in it, and no other.
    pub fn is_only(&self, cpu: u16) -> bool {
        self.has(cpu) && self.len() == 1
    }

    /// How many there are.
    pub fn len(&self) -> u32 {
        self.words.iter().map(|word| word.count_ones()).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first that is in the other set too.
    pub fn first_common(&self, other: &Self) -> Option<u16> {
        let both = self.words.iter().zip(&other.words).map(|(a, b)| a & b);
        let (at, word) = (0u16..).zip(both).find(|(_, word)| *word != 0)?;
        Some(at * 64 + word.trailing_zeros() as u16)
    }
}

/// On which processors a task runs now; 0 is the calling thread.
///
/// # Errors
/// ESRCH where it is gone.
pub fn of(tid: i32) -> io::Result<Cpus> {
    let mut words = [0u64; LONGEST / 8];
    // SAFETY: the kernel writes no more bytes than it is told there are. The call
    // itself, not its wrapper, returns how many it has written.
    let bytes = check(unsafe {
        libc::syscall(libc::SYS_sched_getaffinity, tid, LONGEST, words.as_mut_ptr())
    })?;
    let count = (bytes as usize).div_ceil(8).min(words.len());
    Ok(Cpus::from_words(words.into_iter().take(count)))
}

/// Lets a task run on these processors, as far as its cpuset allows them.
///
/// # Errors
/// EINVAL where that leaves none; EPERM for a task of another user; ESRCH.
pub fn set(tid: i32, cpus: &Cpus) -> io::Result<()> {
    let words = cpus.words();
    // SAFETY: `words` lives through the call and is as long as it says.
    check(unsafe {
        libc::syscall(libc::SYS_sched_setaffinity, tid, size_of_val(words), words.as_ptr())
    })
    .map(drop)
}

/// Lets the calling thread wait when others wake up that want its processor
/// (SCHED_BATCH, sched(7)), unless somebody has given it another policy already.
///
/// # Errors
/// ENOSYS, EPERM where a sandbox forbids it.
pub fn be_patient() -> io::Result<()> {
    let usual = libc::sched_param { sched_priority: 0 };
    // SAFETY: `usual` is valid, and lives through the call; the other call only asks.
    unsafe {
        if libc::syscall(libc::SYS_sched_getscheduler, 0) != i64::from(libc::SCHED_OTHER) {
            return Ok(());
        }
        check(libc::syscall(libc::SYS_sched_setscheduler, 0, libc::SCHED_BATCH, &raw const usual))
    }
    .map(drop)
}

/// Whether a task takes turns with others (`sched_getscheduler(2)`): not one whose policy
/// is a real-time one, which lets nobody else run on its processor while it does.
///
/// # Errors
/// ESRCH where it is gone.
pub fn takes_turns(tid: i32) -> io::Result<bool> {
    // SAFETY: only asks.
    let policy = check(unsafe { libc::syscall(libc::SYS_sched_getscheduler, tid) })?;
    let policy = policy as i32 & !libc::SCHED_RESET_ON_FORK;
    Ok(matches!(policy, libc::SCHED_OTHER | libc::SCHED_BATCH | libc::SCHED_IDLE))
}

/// The processor that the calling thread is on (`getcpu(2)`).
pub fn here() -> Option<u16> {
    // SAFETY: takes nothing; −1 where the kernel cannot tell.
    u16::try_from(unsafe { libc::sched_getcpu() }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_know_their_members() {
        let all = Cpus::from_words([0b1010, 1 << 63]);
        assert!(all.has(1) && all.has(3) && all.has(127) && !all.has(0) && !all.has(9999));
        assert_eq!(all.len(), 3);
        assert!(all.only(127).is_only(127) && !all.is_only(1));
        assert_eq!(all.first_common(&Cpus::from_words([0b1000, 0])), Some(3));
        assert_eq!(all.first_common(&all.only(127)), Some(127));
        assert_eq!(all.first_common(&Cpus::from_words([1, 1])), None);
        assert!(all.everywhere().has(64));
    }

    #[test]
    fn a_thread_can_be_bound_and_let_go() {
        let before = of(0).expect("of this thread");
        let cpu = before.first_common(&before).expect("it runs somewhere");
        set(0, &before.only(cpu)).expect("one of its own");
        assert!(of(0).expect("of this thread").is_only(cpu));
        assert_eq!(here(), Some(cpu));
        set(0, &before).expect("as it was");
        assert_eq!(of(0).expect("of this thread"), before);
    }
}
