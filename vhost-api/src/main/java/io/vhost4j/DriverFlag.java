// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j;

/**
 * Options of a vhost socket, given at {@link VhostDriver#register registration}; each mirrors an {@code RTE_VHOST_USER_*} flag.
 */
public enum DriverFlag {
    /** Connect to a socket that the front-end listens on, instead of listening. */
    CLIENT,
    /** With {@link #CLIENT}: do not connect again after the connection ends. */
    NO_RECONNECT,
    /**
     * Offer {@link VirtioFeature#ACCESS_PLATFORM}: the guest's addresses may be those of an IOMMU, which the front-end translates.
     */
    IOMMU_SUPPORT,
    /**
     * Offer post-copy migration: after the guest has moved here, threads that touch memory which has not arrived wait for it. Needs
     * {@code userfaultfd}: root, CAP_SYS_PTRACE or the sysctl {@code vm.unprivileged_userfaultfd=1}.
     */
    POSTCOPY_SUPPORT,
    /**
     * Deliver every received packet in one buffer: a packet larger than the pool's data room is dropped and counted,
     * unless {@link #EXTBUF_SUPPORT} is set too.
     */
    LINEARBUF_SUPPORT,
    /** With {@link #LINEARBUF_SUPPORT}: packets larger than the pool's data room arrive in an external buffer. */
    EXTBUF_SUPPORT,
    /** Let rings have DMA channels: see {@link io.vhost4j.async.AsyncRings}. */
    ASYNC_COPY,
    /**
     * Describe offloads of received packets by receive flags ({@code RX_*}) as a network driver does. Without it, the
     * transmit flags ({@code TX_*}) that let the packet be sent on unchanged are set.
     */
    NET_COMPLIANT_OL_FLAGS,
    /** Count per-ring statistics, see {@link VhostDevice#vringStatsGet}. */
    NET_STATS_ENABLE,
    /** With {@link #CLIENT}: {@link VhostDriver#start} does not try to connect itself; the event thread does. */
    ASYNC_CONNECT
}
