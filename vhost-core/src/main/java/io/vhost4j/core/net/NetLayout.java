// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

/**
 * How packets are in a ring.
 *
 * @param headerBytes of the header before each
 * @param mergeable whether one may go over several chains
 * @param features as negotiated
 */
record NetLayout(int headerBytes, boolean mergeable, long features) {}
