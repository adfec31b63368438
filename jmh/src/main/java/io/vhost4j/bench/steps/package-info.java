// SPDX-License-Identifier: BSD-3-Clause

/**
 * The data path step by step, and as a whole, in one process: the guest is a {@link io.vhost4j.bench.steps.Guest} that provides buffers
 * as cheaply as possible. All times are for one packet (descriptor, copy, call).
 */
@NullMarked
package io.vhost4j.bench.steps;

import org.jspecify.annotations.NullMarked;
