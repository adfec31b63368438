// SPDX-License-Identifier: BSD-3-Clause

/** One vhost-user connection: dispatch of requests, state, and life cycle. */
@NullMarked
package io.vhost4j.core.session;

import org.jspecify.annotations.NullMarked;
