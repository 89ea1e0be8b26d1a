//! Both protocols at either port: SDKs of some languages speak OTLP/gRPC by
//! default, those of others OTLP/HTTP, and whoever runs them gives one address to
//! all. The type of what is sent tells them apart.

use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response};

use crate::net::serve::{Asked, Handler, Reply};
use crate::traces::BoxFuture;

struct Either {
    grpc: Arc<dyn Handler>,
    http: Arc<dyn Handler>,
}

/// What answers each request by its protocol.
pub(super) fn handler(grpc: Arc<dyn Handler>, http: Arc<dyn Handler>) -> Arc<dyn Handler> {
    Arc::new(Either { grpc, http })
}

impl Handler for Either {
    fn answer(&self, asked: Asked) -> BoxFuture<'_, Response<Reply>> {
        if is_grpc(asked.request.headers()) {
            self.grpc.answer(asked)
        } else {
            self.http.answer(asked)
        }
    }
}

fn is_grpc(headers: &HeaderMap) -> bool {
    const KIND: &[u8] = b"application/grpc";
    let given = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let begin = given.and_then(|given| given.trim_ascii_start().get(..KIND.len()));
    begin.is_some_and(|begin| begin.eq_ignore_ascii_case(KIND))
}
