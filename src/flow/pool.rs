//! Values that several tasks share, as the kernel shares a descriptor table
//! (`CLONE_FILES`) or a working directory (`CLONE_FS`).

/// A value in a [`Pool`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Handle(u32);

/// Counted values; a place is used again when its last user has gone.
#[derive(Debug)]
pub(super) struct Pool<T> {
    places: Vec<(u32, T)>,
    free: Vec<u32>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { places: Vec::new(), free: Vec::new() }
    }
}

impl<T: Clone + Default> Pool<T> {
    /// A value with one user.
    pub(super) fn add(&mut self, value: T) -> Handle {
        if let Some(index) = self.free.pop() {
            self.places[index as usize] = (1, value);
            return Handle(index);
        }
        self.places.push((1, value));
        Handle(self.places.len() as u32 - 1)
    }

    /// One user more.
    pub(super) fn share(&mut self, handle: Handle) -> Handle {
        self.places[handle.0 as usize].0 += 1;
        handle
    }

    /// One user less.
    pub(super) fn release(&mut self, handle: Handle) {
        let place = &mut self.places[handle.0 as usize];
        place.0 -= 1;
        if place.0 == 0 {
            place.1 = T::default();
            self.free.push(handle.0);
        }
    }

    /// A handle to a value of its own with the same content (`unshare`, exec).
    pub(super) fn unshare(&mut self, handle: Handle) -> Handle {
        if self.places[handle.0 as usize].0 == 1 {
            return handle;
        }
        let copy = self.get(handle).clone();
        self.release(handle);
        self.add(copy)
    }

    /// All of them; places that nobody uses have the default.
    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.places.iter().map(|(_, value)| value)
    }

    pub(super) fn get(&self, handle: Handle) -> &T {
        &self.places[handle.0 as usize].1
    }

    pub(super) fn get_mut(&mut self, handle: Handle) -> &mut T {
        &mut self.places[handle.0 as usize].1
    }
}
