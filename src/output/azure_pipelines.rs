//! Logging commands of Azure Pipelines: lines on stdout that become issues of a run.
//!
//! Source: learn.microsoft.com, logging commands of Azure Pipelines (`task.logissue`); the escapes are those of
//! microsoft/azure-pipelines-task-lib, node/taskcommand.ts.

use super::annotation::Level;
use crate::estate::Place;

/// An issue as a line. Issues are errors or warnings; a notice is a line of the log and no issue.
pub fn issue(level: Level, place: Option<&Place>, code: Option<&str>, message: &str) -> String {
    let level = match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Notice => return note(place, code, message),
    };
    let mut properties = format!("type={level};");
    if let Some(Place { file, line, column }) = place {
        properties.push_str(&format!("sourcepath={};linenumber={line};columnnumber={column};", property(file)));
    }
    if let Some(code) = code {
        properties.push_str(&format!("code={};", property(code)));
    }
    format!("##vso[task.logissue {properties}]{}\n", data(message))
}

/// A line of the log. What it says cannot be a command: that begins with `##`.
fn note(place: Option<&Place>, code: Option<&str>, message: &str) -> String {
    let place = place.map_or_else(String::new, |place| format!("{place}: "));
    let code = code.map_or_else(String::new, |code| format!("{code}: "));
    format!("note: {}\n", one_line(&format!("{place}{code}{message}")).replace("##", "# #"))
}

/// An issue is shown on one line.
fn one_line(text: &str) -> String {
    text.split(['\r', '\n']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

fn data(text: &str) -> String {
    one_line(text).replace('%', "%AZP25")
}

fn property(text: &str) -> String {
    data(text).replace(']', "%5D").replace(';', "%3B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_ends_the_command_or_a_property() {
        let place = Place { file: "a;b].yaml".into(), line: 3, column: 7 };
        assert_eq!(
            issue(Level::Error, Some(&place), Some("AMPLS001"), "100%: a]; b\n##vso[task.complete result=Succeeded;]"),
            "##vso[task.logissue type=error;sourcepath=a%3Bb%5D.yaml;linenumber=3;columnnumber=7;code=AMPLS001;]\
             100%AZP25: a]; b; ##vso[task.complete result=Succeeded;]\n"
        );
        assert_eq!(issue(Level::Warning, None, None, "x"), "##vso[task.logissue type=warning;]x\n");
        assert_eq!(issue(Level::Notice, None, Some("A"), "##vso[x]"), "note: A: # #vso[x]\n");
    }
}
