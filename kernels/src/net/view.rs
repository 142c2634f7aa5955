//! A tensor as something reads it: permuted, sliced, repeated, without a copy.

use super::Tensor;

/// Which element of a tensor each index of a shape means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The tensor.
    pub tensor: Tensor,
    /// The element that index zero means.
    pub offset: usize,
    /// Elements along each axis.
    pub shape: Vec<usize>,
    /// How far apart elements are along each axis; 0 repeats one.
    pub strides: Vec<usize>,
}

impl View {
    /// The whole of a tensor that has this shape.
    pub fn dense(tensor: Tensor, shape: &[usize]) -> Self {
        Self { tensor, offset: 0, shape: shape.to_vec(), strides: dense_strides(shape) }
    }

    /// Elements of the view.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it is the tensor's elements in their order, from the first on.
    pub fn is_dense(&self) -> bool {
        let Merged { shape, strides: [strides] } = merge(&self.shape, [&self.strides]);
        self.offset == 0 && (shape.is_empty() || (shape.len() == 1 && strides[0] == 1))
    }

    /// One more than the last element that is read.
    pub fn end(&self) -> usize {
        let last: usize = self.shape.iter().zip(&self.strides).map(|(n, stride)| n.saturating_sub(1) * stride).sum();
        if self.is_empty() { self.offset } else { self.offset + last + 1 }
    }

    /// Axis `i` of the result is axis `axes[i]` of this.
    pub fn permuted(&self, axes: &[usize]) -> Option<Self> {
        let pick = |values: &[usize]| axes.iter().map(|axis| values.get(*axis).copied()).collect::<Option<Vec<_>>>();
        let (shape, strides) = (pick(&self.shape)?, pick(&self.strides)?);
        (axes.len() == self.shape.len()).then_some(Self { shape, strides, ..*self })
    }

    /// The part `start..start + len` of an axis.
    pub fn sliced(&self, axis: usize, start: usize, len: usize) -> Option<Self> {
        let mut view = self.clone();
        let whole = view.shape.get_mut(axis)?;
        if start + len > *whole {
            return None;
        }
        *whole = len;
        view.offset += start * view.strides[axis];
        Some(view)
    }

    /// Repeated along axes of one element, and along new axes in front, as numpy does.
    pub fn broadcast(&self, shape: &[usize]) -> Option<Self> {
        let front = shape.len().checked_sub(self.shape.len())?;
        let mut strides = vec![0; shape.len()];
        for (axis, (n, stride)) in self.shape.iter().zip(&self.strides).enumerate() {
            match *n {
                n if n == shape[front + axis] => strides[front + axis] = *stride,
                1 => {}
                _ => return None,
            }
        }
        Some(Self { shape: shape.to_vec(), strides, ..*self })
    }

    /// Each element of an axis `times` times in a row, as an axis of its own behind it.
    pub fn repeated(&self, axis: usize, times: usize) -> Self {
        let mut view = self.clone();
        view.shape.insert(axis + 1, times);
        view.strides.insert(axis + 1, 0);
        view
    }

    /// Another shape of the same elements; `None` where that needs a copy.
    pub fn reshaped(&self, shape: &[usize]) -> Option<Self> {
        if shape.iter().product::<usize>() != self.len() {
            return None;
        }
        let Merged { shape: runs, strides: [steps] } = merge(&self.shape, [&self.strides]);
        let mut strides = vec![0; shape.len()];
        let mut left = runs.iter().zip(&steps).rev();
        // What is left of the innermost run that is not used up, and the stride of its next axis.
        let (mut room, mut step) = (1, 1);
        for (axis, n) in shape.iter().enumerate().rev().filter(|(_, n)| **n != 1) {
            if room == 1 {
                let (run, stride) = left.next()?;
                (room, step) = (*run, *stride);
            }
            if room % n != 0 {
                return None;
            }
            strides[axis] = step;
            step *= n;
            room /= n;
        }
        Some(Self { shape: shape.to_vec(), strides, ..*self })
    }

    /// The elements' places in the order of the shape.
    pub(crate) fn places(&self) -> impl Iterator<Item = usize> + '_ {
        let dense = dense_strides(&self.shape);
        (0..self.len()).map(move |index| {
            let axes = self.shape.iter().zip(&self.strides).zip(&dense);
            self.offset + axes.map(|((n, stride), step)| index / step % n * stride).sum::<usize>()
        })
    }
}

/// The strides of a dense tensor.
pub(crate) fn dense_strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    strides
}

/// A shape with as few axes as several sets of strides allow.
#[derive(Debug, PartialEq)]
pub(crate) struct Merged<const N: usize> {
    pub(crate) shape: Vec<usize>,
    pub(crate) strides: [Vec<usize>; N],
}

/// Leaves out axes of one element and joins those that every set walks as one.
pub(crate) fn merge<const N: usize>(shape: &[usize], strides: [&[usize]; N]) -> Merged<N> {
    let mut merged = Merged { shape: Vec::new(), strides: std::array::from_fn(|_| Vec::new()) };
    for (axis, n) in shape.iter().copied().enumerate().filter(|(_, n)| *n != 1) {
        let joins = |(done, set): (&Vec<usize>, &&[usize])| done.last() == Some(&(set[axis] * n));
        if !merged.shape.is_empty() && merged.strides.iter().zip(&strides).all(joins) {
            if let Some(last) = merged.shape.last_mut() {
                *last *= n;
            }
            for (done, set) in merged.strides.iter_mut().zip(&strides) {
                if let Some(last) = done.last_mut() {
                    *last = set[axis];
                }
            }
        } else {
            merged.shape.push(n);
            merged.strides.iter_mut().zip(&strides).for_each(|(done, set)| done.push(set[axis]));
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(shape: &[usize]) -> View {
        View::dense(Tensor(0), shape)
    }

    #[test]
    fn axes_are_joined_and_split() {
        let heads = view(&[2, 65, 96]).reshaped(&[2, 65, 2, 48]).unwrap();
        assert_eq!(heads.strides, [6240, 96, 48, 1]);
        let turned = heads.permuted(&[0, 2, 1, 3]).unwrap();
        assert!(!turned.is_dense() && turned.reshaped(&[2, 2, 65 * 48]).is_none());
        assert_eq!(turned.reshaped(&[4, 65, 48]), None, "batch and heads are not evenly spaced");
        assert_eq!(turned.permuted(&[0, 2, 1, 3]).unwrap().reshaped(&[130, 96]).unwrap().strides, [96, 1]);
        assert!(view(&[3, 1, 4]).is_dense() && view(&[1, 1]).is_dense());
    }

    #[test]
    fn slices_and_repeats() {
        let part = view(&[4, 6]).sliced(1, 2, 3).unwrap();
        assert_eq!(part.places().collect::<Vec<_>>()[..4], [2, 3, 4, 8]);
        assert_eq!((part.end(), part.sliced(1, 1, 3)), (23, None));
        let twice = view(&[2]).repeated(0, 2);
        assert_eq!(twice.places().collect::<Vec<_>>(), [0, 0, 1, 1]);
        let row = view(&[3]).broadcast(&[2, 3]).unwrap();
        assert_eq!(row.places().collect::<Vec<_>>(), [0, 1, 2, 0, 1, 2]);
        assert_eq!(view(&[2]).broadcast(&[2, 3]), None);
    }
}
