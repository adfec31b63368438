// SPDX-License-Identifier: BSD-3-Clause

/** The other side of a vhost socket: a virtio-net front-end as a poll mode driver. */
@NullMarked
package io.vhost4j.virtiouser;

import org.jspecify.annotations.NullMarked;
