import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import classes from './Pictures.module.css'
import type { DrawnThing } from './help'

const headset = (
  <g className={classes['thick']}>
    <path d="M120 104V84a46 46 0 0 1 92 0v20" />
    <rect x="108" y="98" width="22" height="36" rx="9" />
    <rect x="202" y="98" width="22" height="36" rx="9" />
    <path d="M118 134c2 22 18 28 38 28" />
    <circle cx="160" cy="162" r="5" />
  </g>
)

const things: Record<DrawnThing, ReactNode> = {
  headset: (
    <>
      {headset}
      <path className={classes['thick']} d="M213 134c4 34 20 38 44 38h22" />
      <g className={classes['accent']}>
        <rect x="279" y="162" width="26" height="20" rx="3" />
        <path d="M305 167h12v10h-12M325 172h26m-9-8 9 8-9 8" />
      </g>
      <path className={classes['thick']} d="M362 146h30v52h-30z" />
    </>
  ),
  switch: (
    <>
      {headset}
      <path className={classes['thick']} d="M213 134c4 34 20 38 44 38h20m46 0h60" />
      <g className={classes['accent']}>
        <rect x="277" y="156" width="46" height="32" rx="10" />
        <circle cx="292" cy="172" r="7" />
        <path d="M306 166l10 12m0-12-10 12" />
        <path d="M292 148v-26m-8 8 8-8 8 8" />
      </g>
    </>
  ),
  loud: (
    <>
      <path className={classes['thick']} d="M118 84h24l38-32v112l-38-32h-24z" />
      <g className={classes['accent']}>
        <path d="M204 84a34 34 0 0 1 0 48M226 66a60 60 0 0 1 0 84" />
        <path d="M272 108h104" />
        <circle cx="348" cy="108" r="11" />
        <path d="M300 84h40m-9-8 9 8-9 8" />
      </g>
    </>
  ),
  programs: (
    <>
      <rect className={classes['thick']} x="70" y="40" width="120" height="84" rx="8" />
      <path className={classes['thick']} d="M70 62h120" />
      <rect className={classes['thick']} x="220" y="40" width="120" height="84" rx="8" />
      <path className={classes['thick']} d="M220 62h120M130 124v26h56M280 124v26h-56" />
      <g className={classes['accent']}>
        <rect x="196" y="134" width="18" height="32" rx="9" />
        <path d="M188 152a17 17 0 0 0 34 0M205 169v14" />
        <path d="M322 46l10 10m0-10-10 10" />
        <circle cx="327" cy="51" r="15" />
      </g>
    </>
  ),
  network: (
    <>
      <rect className={classes['thick']} x="44" y="64" width="86" height="60" rx="6" />
      <path className={classes['thick']} d="M66 146h42M87 124v22" />
      <path
        className={classes['thick']}
        d="M184 132a22 22 0 0 1 4-43 32 32 0 0 1 61 6 19 19 0 0 1 0 37zM308 60h52v92h-52zM318 80h32M318 98h32M318 116h14"
      />
      <g className={classes['accent']}>
        <path d="M136 106h24M276 106h26" />
        <path d="M282 92l14 28m0-28-14 28" />
      </g>
    </>
  ),
  clock: (
    <>
      <circle className={classes['thick']} cx="210" cy="108" r="62" />
      <path className={classes['thick']} d="M210 54v8M210 154v8M156 108h8M256 108h8" />
      <path className={classes['accent']} d="M210 108V72M210 108l26 18" />
    </>
  ),
  lock: (
    <>
      <rect className={classes['thick']} x="50" y="80" width="320" height="52" rx="26" />
      <g className={classes['accent']}>
        <rect x="72" y="100" width="20" height="16" rx="3" />
        <path d="M76 100v-6a6 6 0 0 1 12 0v6" />
      </g>
      <text className={classes['large']} x="106" y="114">
        https://
      </text>
      <path className={classes['thick']} d="M196 108h140" />
    </>
  ),
  click: (
    <>
      <rect className={classes['thick']} x="90" y="36" width="220" height="136" rx="10" />
      <path className={classes['thick']} d="M90 64h220" />
      <g className={classes['accent']}>
        <path d="M196 100l14 52 10-18 20-6z" />
        <path d="M184 88l-10-10M200 82V68M180 104h-14" />
      </g>
    </>
  ),
}

/** Draws what to look at. */
export function ThingPicture({ thing }: { thing: DrawnThing }) {
  const { t } = useTranslation()
  return (
    <svg className={classes['picture']} viewBox="0 0 420 210" role="img" aria-label={t(`check.lookAt.${thing}`)}>
      {things[thing]}
    </svg>
  )
}
