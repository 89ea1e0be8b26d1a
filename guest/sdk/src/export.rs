//! From a Rust type to a component.

use linkmend_wire::located::Located;

use crate::index::Index;
use crate::interface::{About, Plan, Tasks, Verdict};

/// A rule of the world `batch-rule`: the low level that [`crate::Rule`] is built
/// on.
pub trait BatchRule: Sized + 'static {
    /// Who the rule is.
    fn describe() -> About;

    /// A rule made from its configuration, a JSON object, and what it needs of
    /// the host.
    ///
    /// # Errors
    ///
    /// A text for the user, that names the key at fault and the way out.
    fn configure(config: &str) -> Result<(Self, Plan), String>;

    /// Looks at the selected spans of one batch.
    ///
    /// # Errors
    ///
    /// A text for the log; the host treats it as a fault of the rule.
    fn process(
        &mut self,
        tasks: Tasks,
        traces: &[u8],
        index: &mut dyn Index,
    ) -> Result<Verdict, String>;
}

/// A rule of the world `field-rule`, the fast one: it is shown spans as located
/// fields, and reads no protobuf.
pub trait FieldRule: Sized + 'static {
    /// Who the rule is.
    fn describe() -> About;

    /// A rule made from its configuration, a JSON object, and what it needs of
    /// the host: [`Plan::reads`] is the list of the attributes that it is shown.
    ///
    /// # Errors
    ///
    /// A text for the user, that names the key at fault and the way out.
    fn configure(config: &str) -> Result<(Self, Plan), String>;

    /// Looks at the selected spans of one batch.
    ///
    /// # Errors
    ///
    /// A text for the log; the host treats it as a fault of the rule.
    fn process(
        &mut self,
        tasks: Tasks,
        traces: Located<'_>,
        index: &mut dyn Index,
    ) -> Result<Verdict, String>;
}

/// Makes a component of a [`crate::Rule`] or a [`BatchRule`]. Does nothing where
/// the target is not WebAssembly.
#[macro_export]
macro_rules! export {
    ($rule:ty) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(missing_docs, unsafe_code, reason = "the exports that a component is made of")]
        const _: () = {
            use $crate::bindings::exports::linkmend::rule::{batch, lifecycle};

            struct Component;

            ::std::thread_local! {
                static RULE: ::core::cell::RefCell<Option<$rule>> = const { ::core::cell::RefCell::new(None) };
            }

            impl lifecycle::Guest for Component {
                fn describe() -> $crate::About {
                    $crate::say_panics();
                    <$rule as $crate::BatchRule>::describe()
                }

                fn configure(config: String) -> Result<$crate::Plan, String> {
                    $crate::say_panics();
                    let (rule, plan) = <$rule as $crate::BatchRule>::configure(&config)?;
                    RULE.set(Some(rule));
                    Ok(plan)
                }
            }

            impl batch::Guest for Component {
                fn process(tasks: $crate::Tasks, traces: Vec<u8>) -> Result<$crate::Verdict, String> {
                    RULE.with_borrow_mut(|rule| match rule {
                        Some(rule) => $crate::BatchRule::process(rule, tasks, &traces, &mut $crate::HostIndex),
                        None => Err("process was called before configure".into()),
                    })
                }
            }

            $crate::bindings::export_component!(Component with_types_in $crate::bindings);
        };
    };
}
