//! The root of supervision: one actor whose children are this node's shards. A failed shard is started again after a
//! pause; the others continue.

use std::{collections::HashMap, sync::Arc};

use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, SupervisionEvent};
use tokio::time::sleep;

use super::{
    local::LocalShards,
    settings::ActorSettings,
    shard::{ShardActor, ShardArgs},
};

pub(super) struct NodeActor;

pub(super) struct NodeArgs {
    pub(super) shards: Vec<Arc<ShardArgs>>,
    pub(super) local: Arc<LocalShards>,
    pub(super) settings: ActorSettings,
}

pub(super) struct NodeState {
    args: NodeArgs,
    children: HashMap<ActorId, usize>,
    /// Failures of each shard's actor, for its back-off.
    failures: Vec<u32>,
}

pub(super) enum NodeMsg {
    Start(usize),
}

impl Actor for NodeActor {
    type Msg = NodeMsg;
    type State = NodeState;
    type Arguments = NodeArgs;

    async fn pre_start(&self, _: ActorRef<NodeMsg>, args: NodeArgs) -> Result<NodeState, ActorProcessingErr> {
        let failures = vec![0; args.shards.len()];
        Ok(NodeState { args, children: HashMap::new(), failures })
    }

    async fn post_start(&self, myself: ActorRef<NodeMsg>, state: &mut NodeState) -> Result<(), ActorProcessingErr> {
        for index in 0..state.args.shards.len() {
            state.start(&myself, index).await?;
        }
        Ok(())
    }

    async fn handle(
        &self,
        myself: ActorRef<NodeMsg>,
        NodeMsg::Start(index): NodeMsg,
        state: &mut NodeState,
    ) -> Result<(), ActorProcessingErr> {
        state.start(&myself, index).await
    }

    /// Overridden, because ractor's default stops the parent when a child fails.
    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<NodeMsg>,
        event: SupervisionEvent,
        state: &mut NodeState,
    ) -> Result<(), ActorProcessingErr> {
        let (actor, error) = match event {
            SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => return Ok(()),
            SupervisionEvent::ActorTerminated(actor, _, _) => (actor.get_id(), None),
            SupervisionEvent::ActorFailed(actor, error) => (actor.get_id(), Some(error)),
        };
        let Some(index) = state.children.remove(&actor) else { return Ok(()) };
        let Some(args) = state.args.shards.get(index) else { return Ok(()) };
        state.args.local.set(args.shard, None);
        let Some(error) = error else { return Ok(()) };
        tracing::error!(shard = args.shard.0, %error, "a shard failed and starts again");
        let rest = state.args.settings.actors.backoff(state.failures[index]);
        state.failures[index] = state.failures[index].saturating_add(1);
        tokio::spawn(async move {
            sleep(rest).await;
            let _ = myself.send_message(NodeMsg::Start(index));
        });
        Ok(())
    }
}

impl NodeState {
    async fn start(&mut self, myself: &ActorRef<NodeMsg>, index: usize) -> Result<(), ActorProcessingErr> {
        let Some(args) = self.args.shards.get(index) else { return Ok(()) };
        let (actor, _) = ShardActor::spawn_linked(None, ShardActor, args.clone(), myself.get_cell()).await?;
        self.children.insert(actor.get_id(), index);
        self.args.local.set(args.shard, Some(actor));
        Ok(())
    }
}
