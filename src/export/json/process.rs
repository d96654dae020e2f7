//! Runs, processes, executions and threads.

use std::io;

use super::Whole;
use super::environment::Environment;
use super::link::{self, Birth, Join, Link, signal_name};
use super::node::{self, Host, Node, What};
use super::section::Section;
use super::text::{Text, readable};
use super::touch::Held;
use crate::event::TaskId;
use crate::export::decode::error_name;
use crate::export::scope::Fate;
use crate::export::{Detail, command_line};
use crate::flow::graph::{Activity, ActivityIndex, End, Failure, Process, Task};
use crate::flow::{EventId, Execution, Moniker, ResourceId};

impl Whole<'_> {
    /// All of them, and what ties them to each other.
    pub(super) fn processes(&self, nodes: &mut Section, links: &mut Section) -> io::Result<()> {
        nodes.push(&self.run_node())?;
        nodes.push(&self.host_node())?;
        let (run, host) = (self.ids.key().to_owned(), self.ids.host());
        let id = self.ids.one("on", TaskId::NONE);
        links.push(&plain(id, "on", [run, host], 1))?;
        for process in &self.graph.processes {
            nodes.push(&self.process_node(process))?;
            links.push(&self.birth(process))?;
            if let Some(joined) = self.join(process) {
                links.push(&joined)?;
            }
            let mut before = None;
            for index in &process.activities {
                let Some(activity) = self.graph.activity(*index) else { continue };
                let Some(execution) = activity.execution.as_deref() else { continue };
                if activity.is_own() {
                    nodes
                        .push(&self.execution_node(process, *index, activity, execution, before))?;
                }
                before = Some(execution);
            }
        }
        for task in self.graph.tasks.iter().filter(|task| self.is_shown(task)) {
            nodes.push(&self.thread_node(task))?;
        }
        Ok(())
    }

    fn run_node(&self) -> Node<'_> {
        let (command, cwd, ended) = (&self.run.command[..], &self.run.cwd, self.run.end);
        let words: Vec<_> = command.iter().map(|word| word.0.to_vec()).collect();
        let what = What::Run(node::Run { command, cwd, started: 0, ended });
        let id = self.ids.key().to_owned();
        Node {
            label: readable(&command_line(&words)),
            ..Node::new(id, "run", self.run.revision, what)
        }
    }

    fn host_node(&self) -> Node<'_> {
        let mut node = Node::new(self.ids.host(), "machine", 1, What::Host(Host::of(self.run)));
        node.label = readable(&self.run.host.0);
        node.named(Some(&Moniker::of_host(&self.run.host.0)));
        node
    }

    fn process_node<'a>(&'a self, process: &'a Process) -> Node<'a> {
        let (exit_code, signal, core) = match process.end {
            End::Exited(code) => (Some(code), None, None),
            End::Killed { signal, core } => (None, Some(signal), Some(core)),
            End::None | End::LetGo => (None, None, None),
        };
        let last = process.activities.last().and_then(|last| self.graph.activity(*last));
        let argv = last.map(Activity::argv).filter(|argv| !argv.is_empty());
        let command = argv.map(command_line);
        let forked = last.filter(|last| !last.is_own()).and_then(|last| last.execution.as_ref());
        let signal_of_end = self.ends_told.get(&process.id);
        let (held, held_revision) = self.before_first_program(process);
        let what = What::Process(node::Process {
            pid: process.pid,
            parent: self.parent(process),
            program: forked.map(|program| self.ids.execution(program.id)),
            started: process.started,
            ended: process.ended,
            end: end_name(process.end),
            exit_code,
            signal,
            signal_name: signal.map(|signal| signal_name(signal.into())),
            core,
            threads: process.threads,
            calls: process.calls,
            errors: process.errors,
            account: process.account.map(Into::into),
            profile: self.functions.profile(process.id),
            users: self.users(&process.users),
            partial: process.is_partial,
            failure: process.failure.as_ref().map(|failure| self.failure(failure)),
            said: Some(&process.said)
                .filter(|said| !said.is_empty())
                .map(|said| said.as_slice().into()),
            sigchld: signal_of_end.map(|signal| signal.first),
            held,
        });
        let told = signal_of_end.map_or(0, |signal| signal.revision);
        let revision = process.revision.max(held_revision).max(told);
        let mut node = Node::new(self.ids.process(process.id), "process", revision, what);
        let pid = || ["process ", &process.pid.to_string()].concat();
        node.label = command.map_or_else(pid, |command| readable(&command));
        node.deleted = matches!(process.end, End::Exited(_) | End::Killed { .. });
        node.named(Some(&Moniker::of_process(process.pid)));
        node
    }

    fn users(&self, users: &[ResourceId]) -> Vec<String> {
        users.iter().filter_map(|user| self.user(*user)).collect()
    }

    fn user(&self, user: ResourceId) -> Option<String> {
        self.ids.told(self.fates, self.state, user).filter(|_| self.has_resources())
    }

    /// What a process looked at before it executed anything.
    fn before_first_program(&self, process: &Process) -> (Held<'_>, u32) {
        let first = process.activities.first();
        let is_own =
            |index: &ActivityIndex| self.graph.activity(*index).is_some_and(Activity::is_own);
        first.filter(|index| !is_own(index)).map(|index| self.held(*index)).unwrap_or_default()
    }

    fn failure(&self, failure: &Failure) -> node::Failure<'_> {
        let name = |id: &ResourceId| Text::from(self.state.name_of(*id));
        let tells = |id: &&ResourceId| self.fates.of(self.state, **id) != Fate::Hidden;
        node::Failure {
            event: self.ids.event(failure.event),
            time: failure.time,
            call: failure.prototype.map(|prototype| prototype.name),
            error: error_name(crate::event::Errno(failure.errno)).into_owned(),
            names: failure.resources.iter().flatten().filter(tells).map(name).collect(),
            peer: failure.peer.as_ref().map(|peer| peer.to_bytes().into()),
        }
    }

    /// The process that made it, if the log knows that one.
    fn parent(&self, process: &Process) -> Option<String> {
        let parent = process.parent.filter(|parent| self.graph.process(*parent).is_some());
        parent.map(|parent| self.ids.process(parent))
    }

    /// From the parent, or the run, to the process.
    fn birth(&self, process: &Process) -> Link<'static> {
        let parent = self.parent(process);
        let kind = if parent.is_some() { "fork" } else { "start" };
        let maker = self.graph.task(process.id).and_then(|task| task.parent);
        Link {
            id: self.ids.one(kind, process.id),
            kind,
            source: parent.unwrap_or_else(|| self.ids.key().to_owned()),
            target: self.ids.process(process.id),
            revision: process.born,
            what: link::What::Birth(Birth {
                event: maker.and_then(|event| self.told_event(event)),
            }),
        }
    }

    /// From the process to the one that waited for it.
    fn join(&self, process: &Process) -> Option<Link<'static>> {
        let (event, time) = process.waited?;
        let waiter = self.graph.task(event.task)?.process;
        Some(Link {
            id: self.ids.one("join", process.id),
            kind: "join",
            source: self.ids.process(process.id),
            target: self.ids.process(waiter),
            // Nothing becomes of it afterwards.
            revision: process.revision,
            what: link::What::Join(Join {
                time,
                event: self.ids.event(event),
                waited: self.waited_for.get(&process.id).copied(),
            }),
        })
    }

    fn execution_node<'b>(
        &'b self,
        process: &Process,
        index: ActivityIndex,
        activity: &'b Activity,
        own: &'b Execution,
        before: Option<&'b Execution>,
    ) -> Node<'b> {
        let tells = |id: &ResourceId| self.fates.of(self.state, *id) != Fate::Hidden;
        let name = |id: ResourceId| Text::from(self.state.name_of(id));
        let base =
            before.and_then(|before| Some((self.ids.execution(before.id), before.env.as_deref()?)));
        let (held, held_revision) = self.held(index);
        let what = What::Execution(node::Execution {
            process: self.ids.process(process.id),
            started: activity.started,
            ended: activity.ended,
            executable: own.executable.filter(tells).map(name),
            argv: own.argv.iter().map(|word| word[..].into()).collect(),
            cwd: own.cwd.filter(tells).map(name),
            // A process that had but one user had it in all of its programs.
            user: own.user.filter(|_| process.users.len() > 1).and_then(|user| self.user(user)),
            environment: own.env.as_deref().map(|env| Environment::between(base, env)),
            held,
        });
        let revision = activity.revision.max(held_revision);
        let mut node = Node::new(self.ids.execution(own.id), "execution", revision, what);
        node.label = readable(self.short_name(own));
        node.deleted = activity.is_over(process);
        node
    }

    /// What a program is called: its own word for that, without directories.
    fn short_name<'b>(&'b self, own: &'b Execution) -> &'b [u8] {
        let executable = || own.executable.map(|file| self.state.name_of(file));
        let name = own.argv.first().map(Vec::as_slice).or_else(executable).unwrap_or_default();
        name.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
    }

    /// Threads are shown where there are several, or all events are.
    fn is_shown(&self, task: &Task) -> bool {
        let process = self.graph.process(task.process);
        self.detail == Detail::Event || process.is_some_and(|process| process.threads > 1)
    }

    fn thread_node(&self, task: &Task) -> Node<'static> {
        let what = What::Thread(node::Thread {
            process: self.ids.process(task.process),
            tid: task.tid,
            origin: task.origin.name(),
            started: task.started,
            ended: task.ended,
            calls: task.calls,
        });
        let mut node = Node::new(self.ids.thread(task.id), "thread", task.revision, what);
        node.label = ["thread ", &task.tid.to_string()].concat();
        node.deleted = task.ended.is_some() && !task.is_let_go;
        node
    }

    /// Who did what an event is part of.
    pub(super) fn doer_of(&self, event: EventId) -> Option<String> {
        self.doer(self.graph.activity_of(event)?)
    }

    pub(super) fn doer(&self, index: ActivityIndex) -> Option<String> {
        Some(self.ids.doer(self.graph.activity(index)?))
    }
}

fn plain(
    id: String,
    kind: &'static str,
    [source, target]: [String; 2],
    revision: u32,
) -> Link<'static> {
    Link { id, kind, source, target, revision, what: link::What::Plain {} }
}

const fn end_name(end: End) -> &'static str {
    match end {
        End::None => "running",
        End::LetGo => "let go",
        End::Exited(_) => "exited",
        End::Killed { .. } => "killed",
    }
}
