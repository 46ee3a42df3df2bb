//! Operation, end to end: health, metrics, logs, the doctor, the package, and the upgrade from the release
//! before. The real binaries over real TLS, and what is handed to an operator beside them.

#[path = "operation/doctor.rs"]
mod doctor;
#[path = "operation/health.rs"]
mod health;
#[path = "operation/logs.rs"]
mod logs;
#[path = "operation/metrics.rs"]
mod metrics;
#[path = "operation/packaging.rs"]
mod packaging;
#[path = "operation/upgrade.rs"]
mod upgrade;
