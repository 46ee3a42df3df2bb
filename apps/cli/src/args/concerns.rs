//! Arguments of the commands on what concerns whom: register entries and interruptions.

use std::str::FromStr;

use warproom_client::proto::calls::QuietHours;
use warproom_client::proto::register::Dependency;
use warproom_client::proto::{Name, Severity, Subject, limits};

use super::subjects::Cpe;
use super::{Switch, alerts};

/// `organisation depends-on`
#[derive(clap::Args)]
pub(crate) struct DependsOn {
    #[command(flatten)]
    pub(crate) how: How,
    /// Let every officer of the WARP see what your organisation depends on
    #[arg(long, conflicts_with = "private")]
    pub(crate) share: bool,
    /// Let only your organisation and the managers see it
    #[arg(long)]
    pub(crate) private: bool,
    /// Show another organisation's, by name, alias or id, as far as you may see it
    #[arg(long, value_name = "ORGANISATION", conflicts_with_all = ["Dependencies", "How", "share", "private"])]
    pub(crate) of: Option<String>,
    #[command(flatten)]
    pub(crate) named: Dependencies,
}

/// What is depended on. A name may be followed by what else it is called: `Civica=Civica UK,East Kent
/// Services`.
#[derive(clap::Args)]
#[group(id = "Dependencies", multiple = true)]
#[command(next_help_heading = "What your organisation depends on")]
pub(crate) struct Dependencies {
    /// A supplier, with what else it is called as `Civica=Civica UK,East Kent Services`; may be repeated
    #[arg(long = "vendor", value_name = "NAME")]
    vendors: Vec<Called>,
    /// A product, with what else it is called in the same way; may be repeated
    #[arg(long = "product", value_name = "NAME")]
    products: Vec<Called>,
    /// A vendor and product as CPE 2.3 names them, as `ivanti:connect_secure`; may be repeated
    #[arg(long = "cpe", value_name = "VENDOR:PRODUCT")]
    cpes: Vec<Cpe>,
    /// Anything else you want to be warned of, as ransomware; may be repeated
    #[arg(long = "topic", value_name = "WORD")]
    topics: Vec<Called>,
}

impl Dependencies {
    /// What was named.
    pub(crate) fn list(&self) -> Vec<Dependency> {
        let called = |all: &[Called], subject: fn(Name) -> Subject| {
            let make = |one: &Called| Dependency {
                subject: subject(one.name.clone()),
                aliases: one.aliases.clone(),
            };
            all.iter().map(make).collect::<Vec<_>>()
        };
        let cpes = self
            .cpes
            .iter()
            .map(|cpe| Dependency { subject: Subject::Cpe(cpe.0.clone()), aliases: Vec::new() });
        let mut list = called(&self.vendors, Subject::Vendor);
        list.extend(called(&self.products, Subject::Product));
        list.extend(cpes);
        list.extend(called(&self.topics, Subject::Topic));
        list
    }
}

/// What to do with what is named.
#[derive(clap::Args)]
#[group(id = "How", multiple = false, requires = "Dependencies")]
pub(crate) struct How {
    /// Add these; so it is if nothing else is said
    #[arg(long)]
    pub(crate) add: bool,
    /// Take these out, or with aliases only those aliases
    #[arg(long)]
    pub(crate) remove: bool,
    /// These and no others
    #[arg(long)]
    pub(crate) set: bool,
}

/// A name, and what else it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Called {
    name: Name,
    aliases: Vec<Name>,
}

impl FromStr for Called {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, aliases) = match text.split_once('=') {
            Some((name, aliases)) => (name, aliases.split(',').collect()),
            None => (text, Vec::new()),
        };
        if aliases.len() > limits::DEPENDENCY_ALIASES {
            return Err(format!("at most {} aliases", limits::DEPENDENCY_ALIASES));
        }
        let parse = |name: &str| {
            name.trim().parse::<Name>().map_err(|error| format!("\"{}\": {error}", name.trim()))
        };
        let aliases = aliases.into_iter().map(parse).collect::<Result<_, _>>()?;
        Ok(Self { name: parse(name)?, aliases })
    }
}

/// `organisation deputies`
#[derive(clap::Args)]
pub(crate) struct Deputies {
    /// Who is reminded when nobody else of your organisation answers, in this order; shows them if
    /// nobody is named
    #[arg(value_name = "HANDLE")]
    pub(crate) deputies: Vec<String>,
    /// Have no deputies from now on
    #[arg(long, conflicts_with = "deputies")]
    pub(crate) none: bool,
}

/// `interruptions`
#[derive(clap::Args)]
pub(crate) struct Interruptions {
    /// Be interrupted by every entry
    #[arg(long, conflicts_with = "no_all")]
    pub(crate) all: bool,
    /// Not by every entry
    #[arg(long)]
    pub(crate) no_all: bool,
    /// By what concerns your organisation or mentions you
    #[arg(long, value_enum, value_name = "SWITCH")]
    pub(crate) concerns_us: Option<Switch>,
    /// By alerts of this severity or worse; `off` for no severity but extreme
    #[arg(long, value_name = "SEVERITY", value_parser = least())]
    pub(crate) severity: Option<Least>,
    /// When nothing but an extreme alert interrupts, as 22:00-07:00 in your local time; `off` for never
    #[arg(long, value_name = "FROM-TO")]
    pub(crate) quiet: Option<Quiet>,
}

impl Interruptions {
    /// Whether nothing is to change.
    pub(crate) const fn is_only_shown(&self) -> bool {
        !self.all
            && !self.no_all
            && self.concerns_us.is_none()
            && self.severity.is_none()
            && self.quiet.is_none()
    }
}

/// The least severity that interrupts; none: none does but *extreme*.
#[derive(Clone, Copy)]
pub(crate) struct Least(pub(crate) Option<Severity>);

fn least() -> impl clap::builder::TypedValueParser<Value = Least> {
    const OFF: &[Option<Severity>] = &[
        Some(Severity::Extreme),
        Some(Severity::Severe),
        Some(Severity::Moderate),
        Some(Severity::Minor),
        Some(Severity::Unknown),
        None,
    ];
    use clap::builder::TypedValueParser as _;
    alerts::word(OFF, |least| least.map_or("off", Severity::as_str)).map(Least)
}

/// Hours of the day in which next to nothing interrupts; none: there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quiet(pub(crate) Option<QuietHours>);

impl FromStr for Quiet {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const NOT_HOURS: &str = "write the hours as 22:00-07:00, or off";
        if text.eq_ignore_ascii_case("off") {
            return Ok(Self(None));
        }
        let minute = |time: &str| {
            let (hour, minute) = time.trim().split_once(':')?;
            let two = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            let (hour, minute) = Some((hour, minute)).filter(|(h, m)| two(h) && two(m))?;
            let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
            (hour < 24 && minute < 60).then_some(hour * 60 + minute)
        };
        let (from, to) = text.split_once('-').ok_or(NOT_HOURS)?;
        let from_minute = minute(from).ok_or(NOT_HOURS)?;
        let to_minute = minute(to).ok_or(NOT_HOURS)?;
        Ok(Self(Some(QuietHours { from_minute, to_minute })))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Args, Command, Online, OrganisationCommand};

    fn depends_on(options: &[&str]) -> Result<DependsOn, clap::Error> {
        let line = ["warproom", "organisation", "depends-on"];
        match Args::try_parse_from(line.iter().chain(options))?.command {
            Command::Online(Online::Organisation(OrganisationCommand::DependsOn(args))) => Ok(args),
            _ => panic!("this is the command organisation depends-on"),
        }
    }

    #[test]
    fn a_dependency_may_have_other_names() {
        let args = depends_on(&["--vendor", "Civica=Civica UK, East Kent Services"]).unwrap();
        let name = |text: &str| text.parse::<Name>().unwrap();
        let expected = Dependency {
            subject: Subject::Vendor(name("Civica")),
            aliases: vec![name("Civica UK"), name("East Kent Services")],
        };
        assert_eq!(args.named.list(), [expected]);
        assert!(depends_on(&["--vendor", "Civica="]).is_err());
        assert!(depends_on(&["--vendor", "=Civica"]).is_err());
    }

    #[test]
    fn only_one_thing_is_done_with_what_is_named() {
        assert!(depends_on(&[]).unwrap().named.list().is_empty());
        assert!(depends_on(&["--vendor", "Civica", "--remove"]).unwrap().how.remove);
        assert!(depends_on(&["--vendor", "Civica", "--remove", "--set"]).is_err());
        assert!(depends_on(&["--set"]).is_err());
        assert!(depends_on(&["--share", "--private"]).is_err());
        assert!(depends_on(&["--of", "Dover"]).is_ok());
        assert!(depends_on(&["--of", "Dover", "--vendor", "Civica"]).is_err());
    }

    #[test]
    fn quiet_hours_are_hours_of_the_day() {
        let quiet = |text: &str| text.parse::<Quiet>();
        let night = QuietHours { from_minute: 22 * 60, to_minute: 7 * 60 };
        assert_eq!(quiet("22:00-07:00"), Ok(Quiet(Some(night))));
        assert_eq!(quiet("off"), Ok(Quiet(None)));
        for wrong in ["", "22-7", "22:00", "24:00-07:00", "22:60-07:00", "+2:00-07:00"] {
            assert!(quiet(wrong).is_err(), "{wrong}");
        }
    }
}
