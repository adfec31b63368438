// SPDX-License-Identifier: BSD-3-Clause

/** The vhost-user messages, their codec, and the ownership of received file descriptors. */
@NullMarked
package io.vhost4j.core.protocol;

import org.jspecify.annotations.NullMarked;
