//! A column: one integer a row.
//!
//! In the log a column is one integer, if each row is that; an array of the rows;
//! or an array of nil and of differences, each row minus the one before (the
//! first minus 0). A writer takes what is shorter. Of *times* the lower eight bits
//! stand elsewhere: they are noise, and would only make the rest harder to
//! compress.

use super::msgpack::{Cursor, Fault, int_len, put_array, put_int, put_nil};

/// Appends a column.
pub(super) fn put<I>(out: &mut Vec<u8>, values: I)
where
    I: ExactSizeIterator<Item = i64> + Clone,
{
    match Shape::of(values.clone()) {
        Shape::Constant(value) => put_int(out, value),
        Shape::Rows => {
            put_array(out, values.len());
            values.for_each(|value| put_int(out, value));
        }
        Shape::Differences => {
            put_array(out, values.len() + 1);
            put_nil(out);
            let mut before = 0_i64;
            for value in values {
                put_int(out, value.wrapping_sub(before));
                before = value;
            }
        }
    }
}

/// How a column is best written.
enum Shape {
    Constant(i64),
    Rows,
    Differences,
}

impl Shape {
    fn of(values: impl Iterator<Item = i64>) -> Self {
        let (mut first, mut before, mut same) = (None, 0_i64, true);
        let (mut rows, mut differences) = (0, 0);
        for value in values {
            same &= *first.get_or_insert(value) == value;
            rows += int_len(value);
            differences += int_len(value.wrapping_sub(before));
            before = value;
        }
        match first {
            Some(value) if same => Self::Constant(value),
            _ if differences < rows => Self::Differences,
            _ => Self::Rows,
        }
    }
}

/// Appends a column of times; their lower bits go to `low`.
pub(super) fn put_times<I>(out: &mut Vec<u8>, low: &mut Vec<u8>, values: I)
where
    I: ExactSizeIterator<Item = i64> + Clone,
{
    if let Shape::Constant(value) = Shape::of(values.clone()) {
        put_int(out, value);
        return;
    }
    put_array(out, values.len());
    for value in values {
        put_int(out, value >> 8);
        low.push(value as u8);
    }
}

/// Appends a list that nothing tells the length of: always an array.
pub(super) fn put_list(out: &mut Vec<u8>, values: &[i64]) {
    put_array(out, values.len());
    for value in values {
        put_int(out, *value);
    }
}

/// A column being read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Column<'a> {
    /// At the next row; `None` for a constant.
    rows: Option<Cursor<'a>>,
    value: i64,
    differences: bool,
    /// The lower bits of the next rows, of times.
    low: Option<&'a [u8]>,
}

impl<'a> Column<'a> {
    /// Takes a column of so many rows from where the cursor stands.
    pub(super) fn read(cursor: &mut Cursor<'a>, rows: usize) -> Result<Self, Fault> {
        if !is_array(cursor.peek()?) {
            return Ok(Self { value: cursor.int()?, ..Self::default() });
        }
        let values = cursor.array()?;
        let differences = values > rows;
        if differences {
            cursor.nil()?;
        }
        if values - usize::from(differences) != rows {
            return Err(Fault::Wrong);
        }
        Ok(Self { rows: Some(cursor.ints(rows)?), differences, ..Self::default() })
    }

    /// The same for a column of times, whose lower bits are where `low` stands.
    pub(super) fn read_times(
        cursor: &mut Cursor<'a>,
        rows: usize,
        low: &mut Cursor<'a>,
    ) -> Result<Self, Fault> {
        let column = Self::read(cursor, rows)?;
        let low = column.rows.map(|_| low.take(rows)).transpose()?;
        Ok(Self { low, ..column })
    }

    /// A list: an array that tells its own length.
    pub(super) fn read_list(cursor: &mut Cursor<'a>) -> Result<(Self, usize), Fault> {
        let rows = cursor.array()?;
        Ok((Self { rows: Some(cursor.ints(rows)?), ..Self::default() }, rows))
    }

    /// The next row. Past the last one, 0.
    #[inline]
    pub(super) fn next(&mut self) -> i64 {
        let Some(cursor) = &mut self.rows else { return self.value };
        // All rows were passed over once when the column was taken, so that
        // none of them is anything but an integer.
        let read = cursor.int().unwrap_or(0);
        if let Some([low, rest @ ..]) = self.low {
            self.low = Some(rest);
            return read << 8 | i64::from(*low);
        }
        if self.differences {
            self.value = self.value.wrapping_add(read);
            return self.value;
        }
        read
    }
}

/// Whether a value that starts with this byte is an array.
const fn is_array(tag: u8) -> bool {
    matches!(tag, 0x90..=0x9f | 0xdc | 0xdd)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn back(values: &[i64]) -> (usize, Vec<i64>) {
        let mut out = Vec::new();
        put(&mut out, values.iter().copied());
        let mut cursor = Cursor::new(&out);
        let mut column = Column::read(&mut cursor, values.len()).unwrap();
        assert!(cursor.rest().is_empty());
        (out.len(), values.iter().map(|_| column.next()).collect())
    }

    #[test]
    fn columns_come_back() {
        for values in [&[][..], &[5], &[5, 5, 5], &[i64::MIN, i64::MAX, 0, -1], &[1000, 1001]] {
            assert_eq!(back(values).1, values);
        }
    }

    #[test]
    fn times_come_back() {
        for values in [&[7, 7][..], &[0, 255, 256, -1, -256, i64::MAX, i64::MIN, 1 << 40]] {
            let (mut out, mut low) = (Vec::new(), Vec::new());
            put_times(&mut out, &mut low, values.iter().copied());
            let (mut cursor, mut low) = (Cursor::new(&out), Cursor::new(&low));
            let mut column = Column::read_times(&mut cursor, values.len(), &mut low).unwrap();
            assert!(cursor.rest().is_empty() && low.rest().is_empty());
            assert!(values.iter().all(|value| column.next() == *value));
        }
    }

    #[test]
    fn a_constant_column_is_one_integer() {
        assert_eq!(back(&vec![-100; 5000]).0, 2);
        assert_eq!(back(&vec![7; 5000]).0, 1);
    }

    #[test]
    fn differences_are_written_where_they_are_shorter() {
        let rising: Vec<i64> = (0..100).map(|row| (1 << 40) + row).collect();
        assert_eq!(back(&rising).0, 3 + 1 + 9 + 99);
        let small: Vec<i64> = (0..100).map(|row| row % 7).collect();
        assert_eq!(back(&small).0, 3 + 100);
    }

    #[test]
    fn a_column_of_another_length_is_refused() {
        let mut out = Vec::new();
        put(&mut out, [1, 2, 3].into_iter());
        assert!(Column::read(&mut Cursor::new(&out), 4).is_err());
        assert!(Column::read(&mut Cursor::new(&out), 2).is_err());
    }
}
