// SPDX-License-Identifier: BSD-3-Clause

/** Load for crypto back-ends. */
@NullMarked
package io.vhost4j.bench.crypto;

import org.jspecify.annotations.NullMarked;
