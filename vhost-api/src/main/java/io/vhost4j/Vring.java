// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j;

/**
 * A ring's set-up; mirrors {@code struct rte_vhost_vring}.
 *
 * @param queueId the ring's number
 * @param size descriptors, 0 if not set
 * @param packed whether the layout is packed
 * @param started whether the front-end started the ring
 * @param enabled whether the front-end enabled the ring
 * @param broken whether the ring was stopped because of what the guest wrote in it
 */
public record Vring(int queueId, int size, boolean packed, boolean started, boolean enabled, boolean broken) {}
