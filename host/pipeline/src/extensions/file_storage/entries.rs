//! Entries in a file, in parts: the library works on a page as a whole, and a page is at
//! least as large as what is in it. An entry of 12 MB in one piece would take five times as
//! much memory while it is written.

use bytes::{Bytes, BytesMut};
use redb::{
    ReadableTable, Result, StorageError, Table, TableDefinition, TableError, TableHandle,
    WriteTransaction,
};

/// The parts of the entries, by the number of the entry and their own.
pub(super) const PARTS: TableDefinition<'static, (u64, u32), &'static [u8]> =
    TableDefinition::new("entry_parts");

/// Entries in one piece, of versions that wrote them so.
const WHOLE: TableDefinition<'static, u64, &'static [u8]> = TableDefinition::new("entries");

/// Fits into a page of 64 KiB, with its key.
const PART: usize = (64 << 10) - 256;

/// Puts an entry into the table.
pub(super) fn put(
    table: &mut Table<'_, (u64, u32), &'static [u8]>,
    number: u64,
    bytes: &[u8],
) -> Result<(), StorageError> {
    // One without a byte has a part, too.
    table.insert((number, 0), bytes.get(..PART).unwrap_or(bytes))?;
    for (place, part) in (1..).zip(bytes.chunks(PART).skip(1)) {
        table.insert((number, place), part)?;
    }
    Ok(())
}

/// Takes an entry away.
pub(super) fn remove(
    table: &mut Table<'_, (u64, u32), &'static [u8]>,
    number: u64,
) -> Result<(), StorageError> {
    for place in 0.. {
        if table.remove((number, place))?.is_none() {
            break;
        }
    }
    Ok(())
}

/// An entry, if it is there.
pub(super) fn read(
    table: &impl ReadableTable<(u64, u32), &'static [u8]>,
    number: u64,
) -> Result<Option<Bytes>, StorageError> {
    let mut entry = None;
    for part in table.range((number, 0)..=(number, u32::MAX))? {
        let (_, part) = part?;
        let entry: &mut BytesMut = entry.get_or_insert_default();
        entry.extend_from_slice(part.value());
    }
    Ok(entry.map(BytesMut::freeze))
}

/// All entries, in the order of their numbers, one at a time.
pub(super) fn each(
    table: &impl ReadableTable<(u64, u32), &'static [u8]>,
    mut entry: impl FnMut(u64, &[u8]),
) -> Result<(), StorageError> {
    let mut bytes = Vec::new();
    let mut current = None;
    for part in table.iter()? {
        let (key, part) = part?;
        let (number, _) = key.value();
        if let Some(current) = current.replace(number)
            && current != number
        {
            entry(current, &bytes);
            bytes.clear();
        }
        bytes.extend_from_slice(part.value());
    }
    if let Some(current) = current {
        entry(current, &bytes);
    }
    Ok(())
}

/// The numbers of all entries, in their order.
pub(super) fn numbers(
    table: &impl ReadableTable<(u64, u32), &'static [u8]>,
) -> Result<Vec<u64>, StorageError> {
    let mut numbers = Vec::new();
    for part in table.iter()? {
        let (number, place) = part?.0.value();
        if place == 0 {
            numbers.push(number);
        }
    }
    Ok(numbers)
}

/// The number of the next entry.
pub(super) fn next(
    table: &impl ReadableTable<(u64, u32), &'static [u8]>,
) -> Result<u64, StorageError> {
    let last = table.last()?.map(|(key, _)| key.value().0);
    Ok(last.map_or(0, |last| last + 1))
}

/// Makes the table, and takes over what a version of before left in one piece.
pub(super) fn prepare(transaction: &WriteTransaction) -> Result<(), TableError> {
    let mut parts = transaction.open_table(PARTS)?;
    // Nothing is written where there is none: on a full disk that could not be done.
    let mut tables = transaction.list_tables()?;
    if !tables.any(|table| table.name() == WHOLE.name()) {
        return Ok(());
    }
    let whole = transaction.open_table(WHOLE)?;
    let mut next = next(&parts)?;
    for entry in whole.iter()? {
        let (number, bytes) = entry?;
        let number = number.value().max(next);
        put(&mut parts, number, bytes.value())?;
        next = number + 1;
    }
    drop(whole);
    transaction.delete_table(WHOLE)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
    use redb::backends::InMemoryBackend;
    use redb::{Database, ReadableDatabase};

    use super::*;

    fn database() -> Database {
        let database = Database::builder();
        database
            .create_with_backend(InMemoryBackend::new())
            .unwrap()
    }

    fn change(database: &Database, change: impl FnOnce(&mut Table<'_, (u64, u32), &'static [u8]>)) {
        let transaction = database.begin_write().unwrap();
        prepare(&transaction).unwrap();
        change(&mut transaction.open_table(PARTS).unwrap());
        transaction.commit().unwrap();
    }

    fn all(database: &Database) -> Vec<(u64, Vec<u8>)> {
        let table = database.begin_read().unwrap().open_table(PARTS).unwrap();
        let mut all = Vec::new();
        each(&table, |number, bytes| all.push((number, bytes.to_vec()))).unwrap();
        let listed: Vec<_> = all.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers(&table).unwrap(), listed);
        for (number, bytes) in &all {
            assert_eq!(read(&table, *number).unwrap().unwrap(), bytes);
        }
        all
    }

    fn bytes(length: usize) -> Vec<u8> {
        (0..length).map(|place| (place % 251) as u8).collect()
    }

    #[test]
    fn entries_of_any_length_come_back_whole() {
        let lengths = [0, 1, PART - 1, PART, PART + 1, 2 * PART, 5 * PART + 7];
        let database = database();
        change(&database, |table| {
            for (number, length) in (3..).zip(lengths) {
                put(table, number, &bytes(length)).unwrap();
            }
        });
        let expected: Vec<_> = (3..).zip(lengths.map(bytes)).collect();
        assert_eq!(all(&database), expected);
        // None of its parts stays.
        change(&database, |table| {
            for number in [3, 6, 9] {
                remove(table, number).unwrap();
                remove(table, number).unwrap();
            }
            assert_eq!(next(table).unwrap(), 9);
        });
        let left = expected.iter().filter(|(number, _)| number % 3 != 0);
        assert_eq!(all(&database), left.cloned().collect::<Vec<_>>());
    }

    /// Two versions may have written to a file in turn.
    #[test]
    fn entries_in_one_piece_are_taken_over_behind_those_that_are_there() {
        let database = database();
        let whole = |entries: &[(u64, usize)]| {
            let transaction = database.begin_write().unwrap();
            let mut table = transaction.open_table(WHOLE).unwrap();
            for (number, length) in entries {
                table.insert(number, &bytes(*length)[..]).unwrap();
            }
            drop(table);
            transaction.commit().unwrap();
        };
        whole(&[(4, 9), (7, 2 * PART)]);
        change(&database, |table| put(table, 8, b"new").unwrap());
        whole(&[(0, 1), (1, 2)]);
        change(&database, |_| {});
        let new = (8, b"new".to_vec());
        let (old, older) = ((4, bytes(9)), (7, bytes(2 * PART)));
        assert_eq!(
            all(&database),
            [old, older, new, (9, bytes(1)), (10, bytes(2))]
        );
    }
}
