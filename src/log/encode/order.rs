//! Which records a block has, in which order: tasks, shapes, times.

use super::put_list_of_differences;
use crate::event::{Batch, Record};
use crate::log::column;
use crate::log::msgpack::{put_array, put_int, put_key, put_map};
use rustc_hash::FxHashMap;
use std::ops::Range;

/// What the records of a group have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Shape {
    kind: u8,
    lane: u8,
    /// −1 for what is not a call.
    abi: i8,
    nr: u64,
}

impl Shape {
    fn of(record: &Record<'_>) -> Self {
        let (abi, nr) = record.call.map_or((-1, 0), |call| (call.abi.code() as i8, call.nr));
        Self { kind: record.kind.code(), lane: record.lane.code(), abi, nr }
    }
}

/// A shape's place in the block.
#[derive(Debug)]
pub(super) struct Group {
    shape: Shape,
    count: u32,
    /// Where its records start in `by_shape`.
    from: u32,
}

/// A task of the block.
#[derive(Debug)]
struct Task {
    id: u32,
    first_ordinal: u64,
    last_ordinal: u64,
    /// End of its latest record so far.
    time: u64,
}

/// Columns that concern all records alike, and the records by shape.
#[derive(Debug, Default)]
pub(super) struct Order {
    pub(super) shapes: Vec<Group>,
    shape_index: FxHashMap<Shape, u32>,
    tasks: Vec<Task>,
    task_index: FxHashMap<u32, u32>,
    shape: Vec<i64>,
    task: Vec<i64>,
    gap: Vec<i64>,
    jumps: Vec<i64>,
    /// Row numbers, those of one shape behind one another.
    by_shape: Vec<u32>,
    /// Positions in a group where `failed` is not what the result says.
    pub(super) odd: Vec<i64>,
}

impl Order {
    /// Takes the records of a block; `first` is the earliest time in it.
    pub(super) fn sort(&mut self, batch: &Batch, rows: Range<usize>, first: u64) {
        self.clear();
        for (position, row) in rows.clone().enumerate() {
            if let Some(record) = batch.get(row) {
                self.add(&record, position, first);
            }
        }
        self.group_by_shape(rows.start);
    }

    fn clear(&mut self) {
        self.shapes.clear();
        self.shape_index.clear();
        self.tasks.clear();
        self.task_index.clear();
        self.shape.clear();
        self.task.clear();
        self.gap.clear();
        self.jumps.clear();
    }

    fn add(&mut self, record: &Record<'_>, position: usize, first: u64) {
        let index = self.find_task(record, first);
        let task = &mut self.tasks[index];
        if record.ordinal != task.last_ordinal.wrapping_add(1) {
            self.jumps.extend([position as i64, record.ordinal as i64]);
        }
        self.gap.push(record.start.wrapping_sub(task.time) as i64);
        task.last_ordinal = record.ordinal;
        task.time = record.end.map_or(record.start, |end| end.max(record.start));
        self.task.push(index as i64);
        let shape = self.find_shape(Shape::of(record));
        self.shapes[shape].count += 1;
        self.shape.push(shape as i64);
    }

    fn find_task(&mut self, record: &Record<'_>, first: u64) -> usize {
        let id = record.task.0;
        // Most records are of the task that the one before was of.
        if let Some(index) = self.task.last().filter(|i| self.tasks[**i as usize].id == id) {
            return *index as usize;
        }
        *self.task_index.entry(id).or_insert_with(|| {
            self.tasks.push(Task {
                id,
                first_ordinal: record.ordinal,
                last_ordinal: record.ordinal.wrapping_sub(1),
                time: first,
            });
            self.tasks.len() as u32 - 1
        }) as usize
    }

    fn find_shape(&mut self, shape: Shape) -> usize {
        *self.shape_index.entry(shape).or_insert_with(|| {
            self.shapes.push(Group { shape, count: 0, from: 0 });
            self.shapes.len() as u32 - 1
        }) as usize
    }

    /// A counting sort, which leaves the records of a shape in their order.
    fn group_by_shape(&mut self, start: usize) {
        let mut from = 0;
        for group in &mut self.shapes {
            group.from = from;
            from += group.count;
            group.count = 0;
        }
        self.by_shape.clear();
        self.by_shape.resize(self.shape.len(), 0);
        for (row, shape) in (start as u32..).zip(&self.shape) {
            let group = &mut self.shapes[*shape as usize];
            self.by_shape[(group.from + group.count) as usize] = row;
            group.count += 1;
        }
    }

    /// The row numbers of a shape's records.
    pub(super) fn group(&self, shape: usize) -> &[u32] {
        let group = &self.shapes[shape];
        &self.by_shape[group.from as usize..(group.from + group.count) as usize]
    }

    /// Fills `odd`.
    pub(super) fn find_odd(&mut self, batch: &Batch, shape: usize) {
        let mut odd = std::mem::take(&mut self.odd);
        odd.clear();
        let odd_ones = self.group(shape).iter().enumerate().filter(|(_, row)| {
            let outcome = batch.outcome(**row as usize);
            outcome.failed != (-4095..0).contains(&outcome.result)
        });
        odd.extend(odd_ones.map(|(position, _)| position as i64));
        self.odd = odd;
    }

    /// Start of each record, minus the end of its task's record before.
    pub(super) fn gaps(&self) -> impl ExactSizeIterator<Item = i64> + Clone {
        self.gap.iter().copied()
    }

    /// Appends the head of the section's map and all its columns but the groups.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        put_map(out, 5 + usize::from(!self.jumps.is_empty()) + 1);
        put_key(out, "tasks");
        put_list_of_differences(out, self.tasks.iter().map(|task| i64::from(task.id)));
        put_key(out, "ordinals");
        column::put(out, self.tasks.iter().map(|task| task.first_ordinal as i64));
        put_key(out, "shapes");
        self.write_shapes(out);
        put_key(out, "task");
        column::put(out, self.task.iter().copied());
        put_key(out, "shape");
        column::put(out, self.shape.iter().copied());
        if !self.jumps.is_empty() {
            put_key(out, "jumps");
            column::put_list(out, &self.jumps);
        }
    }

    fn write_shapes(&self, out: &mut Vec<u8>) {
        put_array(out, self.shapes.len());
        for Group { shape, .. } in &self.shapes {
            put_array(out, 4);
            put_int(out, shape.kind.into());
            put_int(out, shape.lane.into());
            put_int(out, shape.abi.into());
            put_int(out, shape.nr as i64);
        }
    }
}
