//! A batch in which some spans are written anew.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use crate::encode::{put_varint, varint_len};
use crate::scan::{Frame, Scan};

/// A span that is written anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patch {
    /// Which of [`Scan::selected`].
    pub span: usize,
    /// Which of its fields stay in front of the new ones: a range of the batch.
    pub kept: Range<usize>,
    /// Its new fields: a range of what is given to [`splice()`] as `fresh`. When
    /// it is not one, the output is not a batch.
    pub body: Range<usize>,
}

impl Patch {
    fn length(&self) -> usize {
        self.kept.len() + self.body.len()
    }
}

/// A length that is written anew, and a body too if it is a span's.
struct Cut {
    old: Range<usize>,
    length: usize,
    kept: Range<usize>,
    body: Range<usize>,
}

/// Appends `batch` to `out` with the spans of `patches`, which are in the order
/// of their spans, at most one for each. Only those spans and the lengths around them are
/// written anew; `scan` is the walk over `batch`.
pub fn splice(batch: &[u8], scan: &Scan, patches: &[Patch], fresh: &[u8], out: &mut Vec<u8>) {
    let in_scopes = scope_growth(scan, patches);
    let in_resources = resource_growth(scan, &in_scopes);
    let growth: isize = (scan.resources.iter().zip(&in_resources))
        .map(|(frame, growth)| growth + length_growth(frame, *growth))
        .sum();
    out.reserve(batch.len().saturating_add_signed(growth));
    let mut copied = 0;
    let mut write = |cut: Cut| {
        out.extend_from_slice(batch.get(copied..cut.old.start).unwrap_or_default());
        put_varint(out, cut.length as u64);
        out.extend_from_slice(batch.get(cut.kept).unwrap_or_default());
        out.extend_from_slice(fresh.get(cut.body).unwrap_or_default());
        copied = cut.old.end;
    };
    let mut last_scope = None;
    let mut last_resource = None;
    for patch in patches {
        let Some(span) = scan.selected.get(patch.span) else {
            continue;
        };
        let resource = scan.resource_of(span);
        if last_resource.replace(resource) != Some(resource) {
            frame_cut(&scan.resources, &in_resources, resource)
                .into_iter()
                .for_each(&mut write);
        }
        if last_scope.replace(span.scope()) != Some(span.scope()) {
            frame_cut(&scan.scopes, &in_scopes, span.scope())
                .into_iter()
                .for_each(&mut write);
        }
        write(Cut {
            old: span.length_at..span.body.end,
            length: patch.length(),
            kept: patch.kept.clone(),
            body: patch.body.clone(),
        });
    }
    out.extend_from_slice(batch.get(copied..).unwrap_or_default());
}

/// By how much each scope grows, its own length field apart.
fn scope_growth(scan: &Scan, patches: &[Patch]) -> Vec<isize> {
    let mut growth = vec![0; scan.scopes.len()];
    for patch in patches {
        if let Some(span) = scan.selected.get(patch.span)
            && let Some(growth) = growth.get_mut(span.scope())
        {
            let new = patch.length() + varint_len(patch.length() as u64);
            *growth += new.cast_signed() - (span.body.end - span.length_at).cast_signed();
        }
    }
    growth
}

/// By how much each resource grows, its own length field apart.
fn resource_growth(scan: &Scan, scopes: &[isize]) -> Vec<isize> {
    let mut growth = vec![0; scan.resources.len()];
    for (scope, scope_growth) in scan.scopes.iter().zip(scopes) {
        if let Some(growth) = growth.get_mut(scope.parent) {
            *growth += scope_growth + length_growth(scope, *scope_growth);
        }
    }
    growth
}

/// By how much the length field of a frame grows with its body. That of a
/// frame that keeps its size stays as it was written.
fn length_growth(frame: &Frame, growth: isize) -> isize {
    if growth == 0 {
        return 0;
    }
    let length = frame.body.len().saturating_add_signed(growth);
    varint_len(length as u64).cast_signed() - (frame.body.start - frame.length_at).cast_signed()
}

fn frame_cut(frames: &[Frame], growth: &[isize], index: usize) -> Option<Cut> {
    let (frame, growth) = frames.get(index).zip(growth.get(index))?;
    (*growth != 0).then(|| Cut {
        old: frame.length_at..frame.body.start,
        length: frame.body.len().saturating_add_signed(*growth),
        kept: 0..0,
        body: 0..0,
    })
}
