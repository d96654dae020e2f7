//! What varies among good runs of a batch.
//!
//! A baseline is a MessagePack map, readable with any library: `magic` ("rtrace-baseline"),
//! `version`, `runs` (how many it has learnt from), `portrait` (one of them, as
//! [`Portrait`] has it), `varies` (the keys of differences among them, with how many
//! pairs of runs had each) and `longest` (the longest durations and waits among them, in
//! nanoseconds, by the keys of differences that would tell of them).

use std::collections::BTreeMap;
use std::io::{Read, Write};

use serde::{Deserialize, Serialize};

use super::finding::{Comparison, Finding, Kind};
use super::portrait::{Portrait, ThingId};
use super::rank::compare;
use super::timing;

const MAGIC: &str = "rtrace-baseline";
const VERSION: u32 = 1;
/// What is so many times as long as the longest of good runs is not usual.
const LONGER: u64 = 2;

/// What varies among good runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    magic: String,
    version: u32,
    /// How many runs it has learnt from.
    pub runs: u32,
    /// One of them.
    pub portrait: Portrait,
    /// Keys of differences, and between how many pairs of good runs they were.
    pub varies: BTreeMap<String, u32>,
    /// The longest durations and waits: nanoseconds, by the keys of findings about them.
    #[serde(default)]
    pub longest: BTreeMap<String, u64>,
}

/// Why a baseline cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It is none.
    #[error("this is no baseline of rtrace: {0}")]
    Form(#[from] rmp_serde::decode::Error),
    /// It is one of a newer rtrace.
    #[error("this baseline has version {0}; this rtrace knows version {VERSION}")]
    Newer(u32),
    /// It cannot be written.
    #[error("cannot write the baseline: {0}")]
    Write(#[from] rmp_serde::encode::Error),
    /// Nothing to learn from.
    #[error("a baseline needs a run to learn from")]
    Empty,
}

impl Baseline {
    /// Learns from good runs.
    ///
    /// # Errors
    /// There is none.
    pub fn learn(runs: &[Portrait]) -> Result<Self, BaselineError> {
        let first = runs.first().ok_or(BaselineError::Empty)?;
        let mut varies: BTreeMap<String, u32> = BTreeMap::new();
        for (index, one) in runs.iter().enumerate() {
            for other in &runs[index + 1..] {
                for finding in compare(one, other).findings {
                    *varies.entry(finding.key).or_default() += 1;
                }
            }
        }
        Ok(Self {
            magic: MAGIC.into(),
            version: VERSION,
            runs: runs.len() as u32,
            portrait: first.clone(),
            varies,
            longest: runs.iter().fold(BTreeMap::new(), longest),
        })
    }

    /// What of a run is outside of what good runs do.
    pub fn compare(&self, run: &Portrait) -> Comparison {
        let mut comparison = compare(&self.portrait, run);
        let lengths = longest(BTreeMap::new(), run);
        comparison.findings.retain(|finding| {
            let is_known = self.varies.contains_key(&finding.key);
            !is_known && !self.is_usual_length(&lengths, finding)
        });
        super::rank::rank(&mut comparison.findings);
        comparison.limits.push("what programs do call by call: a baseline does not keep it".into());
        comparison.divergence = super::rank::divergence(&comparison.findings);
        comparison
    }

    /// Whether a finding is about a duration or wait that is nothing beside those of good
    /// runs.
    fn is_usual_length(&self, lengths: &BTreeMap<String, u64>, finding: &Finding) -> bool {
        let is_length = matches!(finding.kind, Kind::Duration | Kind::Wait);
        let (most, is) = (self.longest.get(&finding.key), lengths.get(&finding.key));
        let is_usual = most.zip(is).is_some_and(|(most, is)| *is <= most.saturating_mul(LONGER));
        is_length && is_usual
    }

    /// Reads one.
    ///
    /// # Errors
    /// It is none, or one of a newer rtrace.
    pub fn read(from: impl Read) -> Result<Self, BaselineError> {
        let baseline: Self = rmp_serde::from_read(from)?;
        if baseline.magic != MAGIC {
            let words = "it does not begin as one".to_owned();
            return Err(rmp_serde::decode::Error::Syntax(words).into());
        }
        if baseline.version != VERSION {
            return Err(BaselineError::Newer(baseline.version));
        }
        Ok(baseline)
    }

    /// Writes it.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, mut to: impl Write) -> Result<(), BaselineError> {
        Ok(rmp_serde::encode::write_named(&mut to, self)?)
    }
}

/// The longest durations and waits, with those of one more run.
fn longest(mut longest: BTreeMap<String, u64>, run: &Portrait) -> BTreeMap<String, u64> {
    let mut add = |key: String, length: u64| {
        let known = longest.entry(key).or_default();
        *known = length.max(*known);
    };
    let mut waits: BTreeMap<ThingId, u64> = BTreeMap::new();
    for (program, id) in run.programs.iter().zip(0..) {
        if let Some(ended) = program.ended.filter(|_| program.is_own) {
            add(timing::duration_key(run, id), ended.saturating_sub(program.started));
        }
        for one in program.uses.iter().filter(|one| one.waited > 0) {
            *waits.entry(one.thing).or_default() += one.waited;
        }
    }
    for (thing, waited) in waits {
        add(timing::wait_key(run, thing), waited);
    }
    longest
}
