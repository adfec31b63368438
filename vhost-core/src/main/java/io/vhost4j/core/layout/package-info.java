// SPDX-License-Identifier: BSD-3-Clause

/** Byte layouts and constants of virtio and vhost-user, without behaviour. */
@NullMarked
package io.vhost4j.core.layout;

import org.jspecify.annotations.NullMarked;
