// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A ring's account of chains in flight, for applications that serve the ring themselves; mirrors the {@code *_inflight_*} functions of
 * {@code rte_vhost.h}. Every method throws {@link VhostException} if the ring does not run any more, or is of the other kind. One thread
 * at a time.
 */
public interface RingInflight {
    /**
     * Chains that the process before had taken and not given back, in the order in which they were taken: heads in the descriptor table
     * of a split ring, first entries in the account of a packed ring. Serve them first.
     */
    List<Integer> resubmit();

    /**
     * The position to go on from, as SET_VRING_BASE carries it: where the account says that the ring was used up to; mirrors
     * {@code rte_vhost_get_vring_base_from_inflight}.
     */
    int vringBase();

    /** Split ring: chain {@code head} was taken; mirrors {@code rte_vhost_set_inflight_desc_split}. */
    void setInflightDescSplit(int head);

    /** Split ring: chain {@code head} is about to be given back; mirrors {@code rte_vhost_set_last_inflight_io_split}. */
    void setLastInflightIoSplit(int head);

    /**
     * Split ring: chain {@code head} was given back; mirrors {@code rte_vhost_clr_inflight_desc_split}.
     *
     * @param usedIdx the ring's used index now
     */
    void clrInflightDescSplit(int usedIdx, int head);

    /**
     * Packed ring: a chain was taken; mirrors {@code rte_vhost_set_inflight_desc_packed}.
     *
     * @param slot the chain's first slot in the ring
     * @param slots how many there are
     * @return the chain's entry in the account, for the methods below
     */
    int setInflightDescPacked(int slot, int slots);

    /**
     * Packed ring: the chain of {@code entry} is about to be given back; mirrors {@code rte_vhost_set_last_inflight_io_packed}.
     */
    void setLastInflightIoPacked(int entry);

    /**
     * Packed ring: a copy of the descriptors of a chain in flight, as they were in the ring, which may have been overwritten.
     *
     * @return 16 bytes for each, in the format of the ring
     */
    MemorySegment chainPacked(int entry);

    /** Packed ring: the chain of {@code entry} was given back; mirrors {@code rte_vhost_clr_inflight_desc_packed}. */
    void clrInflightDescPacked(int entry);
}
