//! Where each thing that a person can do is to be found without the mouse: as a command, within what a
//! command opens, or why it needs neither.
//!
//! A new action does not compile until it has its place here, and a test looks whether the commands
//! that are named do what they are said to do.

use crate::Action;
use crate::model::{
    ask, board, compose, credentials, desk, export, files, find, manage, room, rooms, settings,
    welcome,
};

/// Where an action is to be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// These commands do it, each of them.
    Does(&'static [&'static str]),
    /// This command opens what it is done in, or asks the question that it answers.
    In(&'static str),
    /// It is nothing to be looked for by its name: why.
    Not(&'static str),
}

use Place::{Does, In, Not};

macro_rules! places {
    ($($part:ident($module:ident) {
        $($variant:ident $(($($field:tt)*))? => $place:expr,)*
    })*) => {
        /// Where an action is to be found, and what it is called.
        pub const fn place(action: &Action) -> (&'static str, Place) {
            match action {
                $($(Action::$part($module::Action::$variant $(($($field)*))?) => {
                    (concat!(stringify!($part), "::", stringify!($variant)), $place)
                })*)*
            }
        }

        /// Every action's name and place.
        pub const PLACES: &[(&str, Place)] = &[
            $($((concat!(stringify!($part), "::", stringify!($variant)), $place),)*)*
        ];
    };
}

const TYPED: Place = Not("it is what one types");
const FIRST_MINUTES: Place =
    Not("before a profile is open there is no palette: Tab reaches all there is");
const BY_ARROWS: Place = Not("arrows and Enter do it in the list itself");
const SAID_BY_THE_SCREEN: Place = Not("the window says it, and no person");

places! {
    Welcome(welcome) {
        Edit(_) => TYPED,
        Next => FIRST_MINUTES,
        Back => FIRST_MINUTES,
        Another => FIRST_MINUTES,
        Open(_) => FIRST_MINUTES,
        Destroy(_) => Does(&["Destroy this profile on this computer…"]),
        SignOut => Does(&["Sign out: close this profile"]),
        CopySecret(_) => FIRST_MINUTES,
    }
    Desk(desk) {
        Show(_) => Does(&[
            "Show the room",
            "Show the member directory",
            "Show the outbox, or go back from it",
            "Show the settings, or go back from them",
        ]),
        Toggle(_) => Does(&[
            "Go to a room…",
            "Do anything by its name…",
            "Search…",
            "Go to a day…",
            "New ask…",
            "New alert: warn the room…",
            "Attach a file…",
            "Save the files of the chosen entry…",
            "Put in an emoji…",
            "React to the chosen entry…",
            "Take somebody out of the room that is shown…",
            "Give somebody another part in the room that is shown…",
            "Take an invitation back…",
            "Revoke a device of the page…",
            "Every shortcut",
        ]),
        Back => Does(&["Back: close what is on top"]),
        Focus(_) => Does(&[
            "Next part of the window",
            "Previous part of the window",
            "To the list of rooms",
            "To what waits for an answer",
            "To the timeline",
            "To the composer",
            "To what stands beside the timeline",
        ]),
        Dismiss(_) => Does(&["Take the latest notice away"]),
        Ask(_) => Not("it asks before another act, which has its own place"),
        Confirm => Not("it answers a question, behind which nothing can be reached"),
        LookedAt(_) => SAID_BY_THE_SCREEN,
        Copy(_) => Does(&[
            "Copy what I wrote, with its label",
            "Copy the server's address, for another device",
        ]),
        LookAtLink(_) => Does(&[
            "Look at the first link of the chosen entry…",
            "Look at the second link of the chosen entry…",
        ]),
        OpenLink => Does(&["Open the link that is looked at"]),
        TrustLog(_) => Does(&["Believe the register as it is now…"]),
    }
    Rooms(rooms) {
        Open(_) => In("Go to a room…"),
        OpenAt(..) => Does(&["Go to what waits first, in its room"]),
        Step(_) => Does(&["Room above", "Room below"]),
        NextUnread => Does(&["Next room with something unread"]),
        Previous => Does(&["Room that was open before"]),
        MarkRead(_) => Does(&["Mark the room as read"]),
    }
    Room(room) {
        Visible(_) => SAID_BY_THE_SCREEN,
        Choose(_) => Does(&["Choose the entry above", "Choose the entry below"]),
        ChooseEntry(_) => Does(&["Choose no entry"]),
        ToLatest => Does(&["Go to the newest entry"]),
        ToUnread => Does(&["Go to the unread line"]),
        ToEntry(_) => Does(&["Go to the first entry", "Go to the alert that the chosen one is about"]),
        ToTime(_) => In("Go to a day…"),
        Retry => Does(&["Load again what did not come"]),
        OpenThread(_) => Does(&["Open the thread of the chosen entry"]),
        CloseThread => Does(&["Close what stands beside the timeline"]),
        Beside(_) => Does(&[
            "Show who is in the room",
            "Show who has read the chosen entry, and its history",
            "Close what stands beside the timeline",
        ]),
        React(..) => In("React to the chosen entry…"),
        Retract(_) => Does(&["Take the chosen entry back…"]),
        RetractNow(..) => In("Take the chosen entry back…"),
        Relabel(..) => Does(&[
            "Label the chosen entry TLP:CLEAR",
            "Label the chosen entry TLP:GREEN",
            "Label the chosen entry TLP:AMBER",
            "Label the chosen entry TLP:AMBER+STRICT",
            "Label the chosen entry TLP:RED",
        ]),
        RelabelNow(..) => In("Label the chosen entry TLP:GREEN"),
        CopyEntry(_) => Does(&["Copy the chosen entry with its label"]),
        CopyIndicators(_) => Does(&["Copy the indicators of the chosen entry with its label"]),
        Leave => Does(&["Leave the room…"]),
        LeaveNow(_) => In("Leave the room…"),
        TrustHistory => Does(&["Believe this room's history as it is now…"]),
        TrustHistoryNow(_) => In("Believe this room's history as it is now…"),
    }
    Compose(compose) {
        Write(..) => TYPED,
        Label(_) => Does(&[
            "Label what I write TLP:CLEAR",
            "Label what I write TLP:GREEN",
            "Label what I write TLP:AMBER",
            "Label what I write TLP:AMBER+STRICT",
            "Label what I write TLP:RED",
        ]),
        Reply(_) => Does(&[
            "Reply to the chosen entry",
            "Reply in the thread that is open",
            "Stop replying: write to the room again",
        ]),
        Edit(_) => Does(&["Edit the chosen entry"]),
        EditLatest => Does(&["Edit my latest entry"]),
        Quote(_) => Does(&["Quote the chosen entry"]),
        Exercise(_) => Does(&["Mark what I write as exercise, or as real"]),
        Insert(_) => In("Put in an emoji…"),
        Mention => Does(&["Call somebody by name…"]),
        Offer(_) => BY_ARROWS,
        TakeOffer(_) => BY_ARROWS,
        CloseOffers => BY_ARROWS,
        Send => Does(&["Send what I wrote"]),
        SendMilder(_) => In("Send what I wrote"),
        Clear => Does(&["Let go what I wrote…"]),
        Keep => SAID_BY_THE_SCREEN,
        SendAgain(_) => Does(&["Send again what was refused first"]),
        Discard(_) => Does(&["Discard what was refused first…", "Discard what waits first…"]),
        DiscardNow(_) => In("Discard what was refused first…"),
    }
    Files(files) {
        Path(_) => TYPED,
        Attach => Does(&["Send the form that is open"]),
        Drop(_) => Not("it is what one drops; the same is typed under \"Attach a file…\""),
        TakeOut(_) => Does(&["Take out the file attached last"]),
        Folder(_) => TYPED,
        Save(..) => In("Save the files of the chosen entry…"),
    }
    Ask(ask) {
        NextWaiting => Does(&["Next ask that waits"]),
        Step(_) => BY_ARROWS,
        Choose(..) => In("Next ask that waits"),
        Answer(..) => In("Next ask that waits"),
        OpenAnswer(..) => Does(&[
            "Answer what waits first, with a note…",
            "Answer the chosen ask…",
            "Answer the ask of the board…",
        ]),
        AnswerForm(_) => TYPED,
        SendAnswer => Does(&["Send the form that is open"]),
        SendAnswerMeant(_) => In("Send the form that is open"),
        AskForm(_) => TYPED,
        SendAsk => Does(&["Send the form that is open"]),
        SendAskMeant(_) => In("Send the form that is open"),
        AlertForm(_) => Does(&["Write a new alert instead of the update"]),
        SendAlert => Does(&["Send the form that is open"]),
        SendAlertMeant(_) => In("Send the form that is open"),
        Revise(..) => Does(&["Update the chosen alert…", "Say that the chosen alert holds no more…"]),
        PutAway(_) => Does(&["Put the newest common cause away"]),
    }
    Board(board) {
        Show(..) => Does(&[
            "Show the board, or close it",
            "Show the board of what waits first",
            "Read the board again",
        ]),
        Sort(_) => Does(&[
            "Sort the board by answer",
            "Sort the board by organisation",
            "Sort the board by time",
        ]),
        History(_) => Does(&["Show what my organisation answered before, or close it"]),
        ExportCsv => Does(&["Write the board to a file"]),
        WriteCsv => In("Write the board to a file"),
        CopyMarkdown => Does(&["Copy the board with its label"]),
    }
    Find(find) {
        SwitcherWords(_) => TYPED,
        SwitcherStep(_) => BY_ARROWS,
        SwitcherTake(_) => BY_ARROWS,
        PaletteWords(_) => TYPED,
        PaletteStep(..) => BY_ARROWS,
        PaletteDone => BY_ARROWS,
        RowWords(_) => TYPED,
        RowStep(..) => BY_ARROWS,
        RowTake(..) => BY_ARROWS,
        DirectoryWords(_) => TYPED,
        PlaceWords(_) => TYPED,
        Query(_) => Does(&["Search only in the open room", "Search in all my rooms"]),
        PersonWords(_) => TYPED,
        Search => Does(&["Search for what is written"]),
        SearchOn => Does(&["Search on: more results"]),
        HitStep(_) => BY_ARROWS,
        HitTake(_) => BY_ARROWS,
        Date(_) => TYPED,
        JumpToDate => Does(&["Send the form that is open"]),
        Manage(_) => Does(&[
            "Manage rooms",
            "Manage members",
            "Manage invitations",
            "Manage organisations",
            "Manage devices",
            "Manage bots",
            "Show what waits for a second manager",
            "Read the log of acts",
            "Read the audit log",
            "Answer a request for information…",
        ]),
    }
    Manage(manage) {
        Show(_) => In("Manage rooms"),
        New(_) => Does(&[
            "Open a new room…",
            "Invite somebody…",
            "Add an organisation…",
            "Add a bot…",
            "Propose something that takes two managers…",
        ]),
        Open(_) => Does(&[
            "Settings and people of this room…",
            "What my organisation depends on…",
            "Back to the list of the page",
        ]),
        Filter(_) => TYPED,
        BeginProposal(_) => Does(&[
            "Propose to erase the chosen entry…",
            "Propose how long the room that is shown keeps its entries…",
            "Put the room that is shown under a legal hold…",
            "Propose to lift the legal hold on the room that is shown…",
        ]),
        FillProposal(_) => TYPED,
        SubmitProposal => Does(&["Send the form that is open"]),
        Propose => In("Send the form that is open"),
        RefreshActs => In("Read the log of acts"),
        OlderActs => SAID_BY_THE_SCREEN,
        ActsOf(_) => In("Read the log of acts"),
        FillRoom(_) => TYPED,
        SubmitRoom => Does(&["Send the form that is open"]),
        FillBringing(_) => TYPED,
        Bring => Does(&["Bring in who is chosen"]),
        FillInvite(_) => TYPED,
        Invite => Does(&["Send the form that is open"]),
        FillOrganisation(_) => TYPED,
        SubmitOrganisation => Does(&["Send the form that is open"]),
        FillEntry(_) => TYPED,
        SubmitEntry => Does(&["Send the form that is open"]),
        FillBot(_) => TYPED,
        AddBot => Does(&["Send the form that is open"]),
        RefreshAudit => Does(&["Read the audit log again"]),
        OlderAudit => Does(&["Look further back in the audit log"]),
        AuditOf(_) => In("Read the audit log"),
        AuditStubs(_) => Does(&["Show in the audit log what does not concern me, or hide it"]),
        ProveAudit(_) => Does(&["Prove the record of the audit log that is shown"]),
        CopyCheckpoint => Does(&["Copy the audit log's checkpoint"]),
        CopyAuditKey => Does(&["Copy the audit log's key"]),
        FillDisclosure(_) => TYPED,
        ReadDisclosure => Does(&["Send the form that is open"]),
        WriteDisclosure => Does(&["Write the disclosure that is shown"]),
        AnotherDisclosure => Does(&["Answer another request for information"]),
        // What is done on a row is reached by the commands that list the rows.
        Ask(_) => Does(&[
            "Suspend the member that is shown…",
            "Reinstate the member that is shown…",
            "Remove the member that is shown…",
            "Make the member that is shown a manager…",
            "Make the member that is shown an officer…",
            "Make the member that is shown a guest…",
            "Give the bot that is shown another token…",
            "Revoke the bot that is shown…",
        ]),
        Do(_) => Not("it was asked about, and the question answered"),
        Copy(_) => Does(&[
            "Copy the invitation that is shown once",
            "Copy the token that is shown once",
            "Copy the webhook's address that is shown once",
        ]),
        PutAway => Does(&["Put away what is shown once"]),
    }
    Settings(settings) {
        Set(_) => Does(&[
            "Theme as the system has it",
            "Light theme",
            "Dark theme",
            "High-contrast theme",
            "Nothing moves by itself, or may again",
            "No notifications",
            "Notifications without content",
            "Notifications with content, never stricter than TLP:GREEN",
            "Enter sends",
            "Ctrl+Enter sends",
        ]),
        ZoomIn => Does(&["Larger"]),
        ZoomOut => Does(&["Smaller"]),
        ZoomReset => Does(&["Size as the system has it"]),
        Prefer(_) => Does(&[
            "Quiet hours, or none",
            "Every entry interrupts, or not",
            "What concerns us interrupts, or not",
            "No alert interrupts but an extreme one",
            "Alerts interrupt from severe on",
            "Alerts interrupt from moderate on",
            "Alerts interrupt from minor on",
        ]),
    }
    Credentials(credentials) {
        Begin(_) => Does(&["Change my password…", "Set up a new authenticator…"]),
        Fill(_) => TYPED,
        Submit => Does(&["Send the form that is open"]),
        Change => In("Change my password…"),
        CopySecret => Does(&["Copy the new authenticator's secret"]),
    }
    Export(export) {
        Begin(_) => Does(&["Export this room…"]),
        Form(_) => In("Export this room…"),
        File(_) => TYPED,
        Export => Does(&["Send the form that is open"]),
    }
}
