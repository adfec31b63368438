// SPDX-License-Identifier: BSD-3-Clause

/** Guest memory: mapping, address translation, IOTLB, dirty log, inflight region. */
@NullMarked
package io.vhost4j.core.memory;

import org.jspecify.annotations.NullMarked;
