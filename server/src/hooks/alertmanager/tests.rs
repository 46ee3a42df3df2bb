//! What is read of Alertmanager's notifications.

use serde_json::json;
use warproom_proto::EntryId;

use super::*;

/// As Alertmanager 0.25 sends one, of one alert.
fn sample() -> Value {
    json!({
        "receiver": "warproom", "status": "firing", "version": "4", "truncatedAlerts": 0,
        "externalURL": "http://am-1.kent.internal:9093",
        "groupKey": "{}:{alertname=\"DiskFull\", instance=\"db1.kent.internal:9100\"}",
        "groupLabels": {"alertname": "DiskFull"},
        "commonLabels": {"alertname": "DiskFull", "severity": "critical", "job": "node"},
        "commonAnnotations": {"summary": "Disk of db1 is full"},
        "alerts": [{
            "status": "firing",
            "labels": {"alertname": "DiskFull", "severity": "critical", "job": "node",
                       "instance": "db1.kent.internal:9100", "scrape": "10.9.8.7:9100"},
            "annotations": {"summary": "Disk of db1 is full", "description": "db1.kent.internal has 1 % left",
                            "runbook_url": "https://wiki.kent.internal/disk"},
            "startsAt": "2024-01-18T08:00:00.123Z", "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prom-1.kent.internal:9090/graph", "fingerprint": "c0ffee",
        }],
    })
}

fn read_with(terms: &Terms, message: Value) -> Result<PostAlert, Answer> {
    let Value::Object(message) = message else { panic!("not an object") };
    match read(message, terms)? {
        Draft::Alert(alert) => Ok(*alert),
        Draft::Post(_) => panic!("a post"),
    }
}

fn alert(message: Value) -> PostAlert {
    read_with(&Terms::sample(), message).unwrap_or_else(|answer| panic!("{answer:?}"))
}

#[test]
fn a_group_that_fires_is_one_alert() {
    let read = alert(sample());
    assert_eq!(read.headline.as_str(), "Disk of [internal name] is full");
    let text = "**DiskFull**, firing since 2024-01-18T08:00:00Z\n\
                Disk of [internal name] is full\n\
                [internal name] has 1 % left\n\
                job: node, severity: critical";
    assert_eq!(read.text.as_ref().unwrap().as_str(), text);
    assert_eq!(read.label, Label::Green);
    assert_eq!(read.alert.severity, Severity::Severe);
    assert_eq!(
        (read.alert.urgency, read.alert.certainty),
        (Urgency::Immediate, Certainty::Observed)
    );
    assert_eq!(read.alert.message, Message::Alert);
    assert_eq!(read.alert.issued_at_ms, Some(1_705_564_800_123));
    assert_eq!(read.alert.expires_at_ms, None, "year 1 is no end");
}

#[test]
fn no_name_of_a_machine_is_in_any_of_it() {
    let mut read = alert(sample());
    // Hexadecimal of hashes and of random ids, in which any short name may be spelt by chance.
    let source = read.alert.source.take().unwrap();
    let id = source.id.as_str().strip_prefix("alertmanager:").unwrap();
    for hash in [id, source.revision.as_str()] {
        assert!(HEXLOWER.decode(hash.as_bytes()).is_ok_and(|bytes| bytes.len() == 16), "{hash}");
    }
    let mut everything = serde_json::to_value(&read).unwrap();
    for random in ["id", "room"] {
        everything.as_object_mut().unwrap().remove(random).unwrap();
    }
    let everything = everything.to_string();
    for name in ["db1", "kent.internal", "am-1", "prom-1", "wiki", "10.9.8.7", "9100", "http"] {
        assert!(!everything.contains(name), "{name}: {everything}");
    }
}

#[test]
fn a_group_that_is_resolved_is_cancelled() {
    let mut message = sample();
    message["status"] = json!("resolved");
    message["alerts"][0]["status"] = json!("resolved");
    message["alerts"][0]["endsAt"] = json!("2024-01-18T09:30:00Z");
    let read = alert(message);
    assert_eq!(read.alert.message, Message::Cancel);
    assert_eq!((read.alert.severity, read.alert.urgency), (Severity::Severe, Urgency::Past));
    assert!(read.headline.as_str().starts_with("Resolved: "), "{}", read.headline);
    assert!(read.text.unwrap().as_str().contains("resolved at 2024-01-18T09:30:00Z"));
    assert_eq!(read.alert.source.unwrap().id, alert(sample()).alert.source.unwrap().id);
}

#[test]
fn a_state_keeps_its_name_until_it_changes() {
    let terms = Terms::sample();
    let name = |message: &Value| read_with(&terms, message.clone()).unwrap().id;
    let first = name(&sample());
    let mut again = sample();
    again["alerts"][0]["annotations"]["description"] = json!("0.9 % left");
    again["externalURL"] = json!("http://am-2");
    assert_eq!(name(&again), first, "only repeated");
    let mut two = sample();
    let mut second = two["alerts"][0].clone();
    second["fingerprint"] = json!("beef");
    two["alerts"].as_array_mut().unwrap().push(second);
    let both = name(&two);
    assert!(both != first, "a second alert");
    two["alerts"].as_array_mut().unwrap().reverse();
    assert_eq!(name(&two), both, "in another order");
    two["alerts"][0]["status"] = json!("resolved");
    assert!(name(&two) != both, "one resolved");
    let mut later = sample();
    later["alerts"][0]["startsAt"] = json!("2024-01-19T08:00:00Z");
    assert!(name(&later) != first, "fires anew");
    let mut other = sample();
    other["groupKey"] = json!("{}:{alertname=\"Other\"}");
    assert!(name(&other) != first, "another group");
}

#[test]
fn a_state_that_returns_is_another_revision_and_the_latest_again_is_none() {
    let bot = BotId::random();
    let one = sample();
    let mut two = sample();
    let mut second = two["alerts"][0].clone();
    second["fingerprint"] = json!("beef");
    two["alerts"].as_array_mut().unwrap().push(second);
    let terms = Terms::sample();
    let mut latest: Option<(EntryId, Latest)> = None;
    let mut seen = BTreeSet::new();
    for (seq, message) in (1..).zip([&one, &two, &one, &two, &one]) {
        let again = |latest: Option<&Latest>| {
            let mut call = read_with(&terms, message.clone()).unwrap();
            if let Some(latest) = latest {
                follow(&mut call, latest, bot);
            }
            (call.id, call.alert.source.unwrap())
        };
        let (id, source) = again(latest.as_ref().map(|(_, latest)| latest));
        assert!(seen.insert(id.to_string()), "{seq}: it has the name of an earlier one");
        let now = Latest { seq, revision: source.revision.clone(), label: Label::Green };
        if seq > 1 {
            // Sent at the same time as the first, or after it.
            assert_eq!(again(latest.as_ref().map(|(_, latest)| latest)).0, id);
            assert_eq!(again(Some(&now)), (id, source));
        }
        latest = Some((id, now));
    }
}

#[test]
fn a_headline_is_the_first_that_there_is_to_read() {
    let headline = |summary: Value, description: Value, name: Value| {
        let mut message = sample();
        message["commonAnnotations"] = json!({"summary": summary, "description": description});
        message["commonLabels"]["alertname"] = name;
        alert(message).headline.to_string()
    };
    for (summary, description, name, expected) in [
        ("It is full", "Disks", "DiskFull", "It is full"),
        ("", "Disks are full\nall of them", "DiskFull", "Disks are full"),
        (" \u{200b}\n", "\u{feff}\r\n \nDisks", "DiskFull", "Disks"),
        ("\u{200b}", " ", "DiskFull", "DiskFull"),
        ("", "", "\u{202e}", "Alert"),
        ("", "", "", "Alert"),
        ("d\u{200b}b1 is full", "", "", "[internal name] is full"),
    ] {
        assert_eq!(headline(json!(summary), json!(description), json!(name)), expected);
    }
    let mut resolved = sample();
    resolved["status"] = json!("resolved");
    resolved["commonAnnotations"] = json!({"summary": ""});
    assert_eq!(alert(resolved).headline.as_str(), "Resolved: DiskFull");
}

#[test]
fn a_name_is_hidden_before_a_text_is_cut() {
    let mut message = sample();
    let before = "x".repeat(ANNOTATION_BYTES - 8);
    message["alerts"][0]["annotations"]["description"] =
        json!(format!("{before} db1.kent.internal"));
    message["alerts"][0]["labels"]["mount"] = json!(format!("{} db1", "y".repeat(LABEL_CHARS - 3)));
    let text = alert(message).text.unwrap();
    assert!(text.as_str().contains(&"x".repeat(2_000)) && text.as_str().contains("yyy"));
    assert!(!text.as_str().contains(" d"), "{text}");
}

#[test]
fn the_worst_of_what_fires_is_how_bad_it_is() {
    let graded = |severities: &[(&str, &str)]| {
        let mut message = sample();
        let one = message["alerts"][0].clone();
        let each = severities.iter().map(|(status, severity)| {
            let mut one = one.clone();
            one["status"] = json!(status);
            one["labels"]["severity"] = json!(severity);
            one
        });
        message["alerts"] = each.collect();
        alert(message).alert.severity
    };
    for (word, severity) in [
        ("critical", Severity::Severe),
        ("PAGE", Severity::Severe),
        ("warning", Severity::Moderate),
        ("info", Severity::Minor),
        ("none", Severity::Unknown),
        ("disaster", Severity::Unknown),
        ("extreme", Severity::Extreme),
    ] {
        assert_eq!(graded(&[("firing", word)]), severity, "{word}");
    }
    assert_eq!(graded(&[("firing", "info"), ("firing", "warning")]), Severity::Moderate);
    assert_eq!(graded(&[("firing", "info"), ("resolved", "critical")]), Severity::Minor);
}

#[test]
fn many_alerts_are_told_up_to_a_number() {
    let mut message = sample();
    let mut one = message["alerts"][0].clone();
    one["annotations"]["description"] = json!("long ".repeat(10_000));
    message["alerts"] = vec![one; 50].into();
    message["truncatedAlerts"] = json!(7);
    let read = alert(message);
    let text = read.text.unwrap();
    assert!(read.headline.as_str().starts_with("50 firing: "), "{}", read.headline);
    assert!(text.as_str().ends_with("and 37 more"), "{}", text.as_str().len());
    assert_eq!(text.as_str().matches("**DiskFull**").count(), SHOWN);
}

#[test]
fn a_label_tlp_of_an_alert_counts_and_so_do_words() {
    let label = |name: &str, value: &str| {
        let mut message = sample();
        message["alerts"][0][name] = json!({"tlp": value, "summary": value});
        read_with(&Terms::sample(), message).map(|read| read.label).map_err(|answer| answer.status)
    };
    assert_eq!(label("labels", "amber"), Ok(Label::Amber));
    assert_eq!(label("labels", "TLP:AMBER"), Ok(Label::Amber));
    assert_eq!(label("labels", "clear"), Ok(Label::Green));
    assert_eq!(label("labels", "red"), Err(403));
    assert_eq!(label("annotations", "TLP:AMBER: keep"), Ok(Label::Amber));
    let behind = format!("{} TLP:AMBER", "much to say ".repeat(1_000));
    assert_eq!(label("annotations", &behind), Ok(Label::Amber), "in words that are cut off");
}

#[test]
fn what_is_missing_or_null_is_not_needed_and_what_is_wrong_is_named() {
    let bare = json!({"version": "4", "groupKey": "", "status": "firing", "alerts": [
        {"status": "firing", "labels": null, "annotations": null, "startsAt": "soon"}]});
    let read = alert(bare);
    assert_eq!(read.headline.as_str(), "Alert");
    assert_eq!(read.text.unwrap().as_str(), "**Alert**, firing since an unknown time");
    let over = json!({"version": "4", "groupKey": "", "status": "resolved", "alerts": []});
    assert!(alert(over).text.is_none());
    for (change, named) in [
        (json!({"version": "1"}), "version 4"),
        (json!({"version": 4}), "version 4"),
        (json!({"status": "odd"}), "odd"),
        (json!({"alerts": [5]}), "not a notification"),
        (json!({"alerts": [null]}), "not a notification"),
        (json!({"truncatedAlerts": -1}), "not a notification"),
    ] {
        let mut message = sample();
        let (fields, change) = (message.as_object_mut().unwrap(), change.as_object().unwrap());
        fields.extend(change.clone());
        let answer = read_with(&Terms::sample(), message).err().unwrap();
        assert!(answer.status == 400 && answer.text.contains(named), "{named}: {answer:?}");
    }
}
