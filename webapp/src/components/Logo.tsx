/** The mark of the product: three faders of a desk. */
export function Logo({ size }: { size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden>
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <g fill="#fff">
        <rect x="8" y="13" width="3.6" height="11" rx="1.8" />
        <rect x="14.2" y="8" width="3.6" height="16" rx="1.8" />
        <rect x="20.4" y="16" width="3.6" height="8" rx="1.8" />
      </g>
    </svg>
  )
}
