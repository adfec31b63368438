// SPDX-License-Identifier: BSD-3-Clause

/** The virtio-net data path: header, offloads, burst enqueue and dequeue, statistics. */
@NullMarked
package io.vhost4j.core.net;

import org.jspecify.annotations.NullMarked;
