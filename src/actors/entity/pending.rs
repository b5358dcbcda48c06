//! The pending steps in flight: effects come from state, and each runs once at a time.

use std::sync::{Arc, atomic::Ordering};

use super::EntityState;
use crate::{actors::effects::PendingEffect, domain::kinds::AnyEffect};

impl EntityState {
    /// The state's pending steps that are not in flight yet. The caller releases them when the state's events are
    /// durable.
    pub(super) fn newly_pending(&mut self) -> Vec<PendingEffect> {
        let effects = self.model.effects();
        if effects.is_empty() && self.steps.is_empty() {
            return Vec::new();
        }
        let pending: Vec<(Arc<str>, AnyEffect)> =
            effects.into_iter().map(|effect| (effect.id().into(), effect)).collect();
        // A step that returned and is no longer pending is done.
        self.steps.retain(|id, step| step.running || pending.iter().any(|(pending, _)| pending == id));
        let mut fresh = Vec::new();
        for (id, effect) in pending {
            let step = self.steps.entry(id.clone()).or_default();
            if step.running {
                continue;
            }
            step.running = true;
            let (source, attempt, until) = (self.key.clone(), step.returns, self.host.until.clone());
            fresh.push(PendingEffect { source, id, effect, attempt, until });
        }
        let running = self.steps.values().filter(|step| step.running).count();
        self.slot.under_way.store(u32::try_from(running).unwrap_or(u32::MAX), Ordering::Release);
        fresh
    }

    /// Records the arrival of a step's outcome. If the state keeps the step pending, the next try waits longer.
    pub(super) fn step_came_back(&mut self, id: Option<&Arc<str>>) {
        if let Some(step) = id.and_then(|id| self.steps.get_mut(id)) {
            step.running = false;
            step.returns = step.returns.saturating_add(1);
        }
    }
}
